// The phone: shows what the feed knows. Texts from outside only ever become text nodes.

import { Feed, post } from "/phone/feed.js";

const SHOWN = 200;
const query = new URLSearchParams(location.search).get("lang");
const language = (query || navigator.language).toLowerCase().startsWith("zh") ? "zh-hans" : "en";
const $ = (id) => document.getElementById(id);
const feed = new Feed();
const bubbles = new Map();
const rows = new Map();
let texts = {};
// A number in the address is shown as soon as it has a message, and none before.
const wanted = location.hash.replace(/[^\d+]/g, "");
let selected = wanted;

function say(name, values = {}) {
  return texts[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function clock(seconds) {
  const moment = new Date(seconds * 1000);
  const today = moment.toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : "zh-CN", style).format(moment);
}

function spaced(mobile) {
  return mobile.replace(/^(\d{3})(\d{4})(\d{4})$/, "$1 $2 $3");
}

function body(item) {
  if (item.kind === "reply") return item.content;
  return item.product === "voice" ? item.text : `【${feed.info.signature}】${item.text}`;
}

function notes(item) {
  if (item.kind === "reply") return [say(`reply_${item.push}`)];
  const all = [say(`state_${item.state}`)];
  if (item.product !== "sms") all.unshift(say(`product_${item.product}`));
  if (item.word) all.push(item.word);
  all.push(say(`push_${item.receipt}`));
  if (item.segments > 1) all.push(say("segments", { count: item.segments }));
  if (item.count > 1) all.push(say("again", { count: item.count }));
  return all;
}

function bubble(item) {
  let row = bubbles.get(item.id);
  if (!row) {
    row = make("li", `bubble ${item.kind}`);
    const time = make("time", "", clock(item.time));
    time.dateTime = new Date(item.time * 1000).toISOString();
    row.append(time, make("span", "hidden", say(`${item.kind}_from`)), make("p", "text"), make("p", "notes"));
    row.dataset.kind = item.kind;
    row.dataset.mobile = item.mobile;
    if (item.smsid) row.dataset.smsid = item.smsid;
    if (item.product) row.dataset.product = item.product;
    bubbles.set(item.id, row);
  }
  if (item.kind === "message") {
    row.dataset.state = item.state;
    row.dataset.receipt = item.receipt;
  } else {
    row.dataset.push = item.push;
  }
  row.querySelector(".text").textContent = body(item);
  row.querySelector(".notes").textContent = notes(item).join(" · ");
  return row;
}

function showThread(ids) {
  const conversation = feed.conversations.get(selected);
  const thread = $("thread");
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 60;
  $("number").textContent = conversation ? spaced(selected) : "";
  $("empty").hidden = Boolean(conversation);
  $("reply-form").hidden = !conversation;
  if (!conversation) {
    thread.replaceChildren();
    return;
  }
  conversation.unread = 0;
  const latest = conversation.ids.slice(-SHOWN);
  if (ids === null) {
    bubbles.clear();
    thread.replaceChildren(...latest.map((id) => bubble(feed.items.get(id))));
  } else {
    for (const id of ids.filter((one) => feed.items.get(one)?.mobile === selected)) {
      const row = bubble(feed.items.get(id));
      if (!row.isConnected) thread.append(row);
    }
  }
  while (thread.children.length > SHOWN) thread.firstElementChild.remove();
  if (atEnd || ids === null) thread.scrollTop = thread.scrollHeight;
}

function row(conversation) {
  let item = rows.get(conversation.mobile);
  if (!item) {
    item = make("li");
    const button = make("button");
    button.type = "button";
    button.dataset.mobile = conversation.mobile;
    button.append(make("span", "mobile", spaced(conversation.mobile)), make("time"), make("span", "preview"), make("span", "unread"));
    button.addEventListener("click", () => select(conversation.mobile));
    item.append(button);
    rows.set(conversation.mobile, item);
  }
  const last = feed.items.get(conversation.ids.at(-1));
  const button = item.firstElementChild;
  const [, time, preview, unread] = button.children;
  button.setAttribute("aria-current", String(conversation.mobile === selected));
  time.textContent = clock(last.time);
  preview.textContent = body(last);
  unread.textContent = conversation.unread || "";
  unread.setAttribute("aria-label", conversation.unread ? say("unread", { count: conversation.unread }) : "");
  return item;
}

function showList() {
  const digits = $("filter").value.replace(/\s/g, "");
  const matching = [...feed.conversations.values()].reverse().filter((one) => one.mobile.includes(digits));
  const shown = matching.slice(0, SHOWN);
  const focused = document.activeElement;
  for (const mobile of rows.keys()) if (!feed.conversations.has(mobile)) rows.delete(mobile);
  $("conversations").replaceChildren(...shown.map(row));
  if (focused?.isConnected) focused.focus({ preventScroll: true });
  $("conversations-more").hidden = matching.length <= SHOWN;
  $("conversations-more").textContent = say("more", { count: SHOWN, total: matching.length });
}

function showGateway() {
  $("account").textContent = feed.info.account;
  $("signature").textContent = `【${feed.info.signature}】`;
  $("balance").textContent = new Intl.NumberFormat(language === "en" ? "en-GB" : "zh-CN").format(feed.info.balance);
  const focused = document.activeElement?.id;
  $("templates").replaceChildren(...feed.templates.map(template));
  if (focused?.startsWith("template-")) $(focused)?.focus();
}

function template(one) {
  const item = make("li");
  item.dataset.templateid = one.templateid;
  item.dataset.state = one.state;
  item.append(make("p", "notes", `${one.templateid} · ${say(`template_${one.state}`)}`), make("p", "text", one.content));
  if (one.templateid !== 1) {
    const choices = make("p", "row");
    for (const [name, passed] of [["pass", true], ["refuse", false]]) {
      const button = make("button", "", say(name));
      button.type = "button";
      button.id = `template-${one.templateid}-${name}`;
      button.addEventListener("click", async () => {
        await post("/sandbox/template-review", { templateid: one.templateid, passed });
        feed.now();
      });
      choices.append(button);
    }
    item.append(choices);
  }
  return item;
}

function select(mobile) {
  selected = mobile;
  history.replaceState(null, "", `#${mobile}`);
  $("reply-text").value = "";
  $("reply-error").textContent = "";
  showThread(null);
  showList();
}

function changed(ids, first) {
  if (first) for (const one of feed.conversations.values()) one.unread = 0;
  const nobody = !feed.conversations.has(selected) && (!selected || selected !== wanted);
  if (nobody) selected = [...feed.conversations.keys()].at(-1) ?? "";
  const begun = !$("thread").children.length;
  showThread(first || begun ? null : ids);
  showList();
  showGateway();
}

function online(yes) {
  const line = $("connection");
  const text = say(yes ? "online" : "offline");
  if (line.textContent !== text) line.textContent = text;
  line.dataset.online = String(yes);
}

function tick() {
  $("clock").textContent = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" }).format(new Date());
}

function translate() {
  document.documentElement.lang = language === "en" ? "en" : "zh-Hans";
  document.title = say("title");
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = say(one.dataset.text);
  for (const one of document.querySelectorAll("[data-placeholder]")) one.placeholder = say(one.dataset.placeholder);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", say(one.dataset.label));
  $(`lang-${language}`).setAttribute("aria-current", "true");
}

function listen() {
  $("filter").addEventListener("input", showList);
  $("reply-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const sent = await post("/sandbox/reply", { mobile: selected, content: $("reply-text").value }).catch(() => false);
    $("reply-error").textContent = sent ? "" : say("reply_failed");
    if (sent) $("reply-text").value = "";
    feed.now();
  });
  $("balance-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    await post("/sandbox/balance", { balance: Number($("balance-input").value) });
    event.target.reset();
    feed.now();
  });
  addEventListener("hashchange", () => select(location.hash.replace(/[^\d+]/g, "")));
}

texts = (await (await fetch("/phone/texts.json")).json())[language];
translate();
listen();
tick();
setInterval(tick, 1000);
feed.follow(changed, online);
