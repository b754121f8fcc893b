// What the page knows, kept up to date by asking the sandbox once a second for what has changed.

const PAUSE = 1000;
const KEPT = 10000;

export class Feed {
  constructor() {
    this.run = "";
    this.revision = 0;
    this.turn = 0;
    this.info = {};
    this.templates = [];
    this.clear();
  }

  clear() {
    this.items = new Map();
    this.conversations = new Map();
  }

  // Ask again and again; `changed(ids, fresh)` gets the ids of what is new or different, `online(yes)` the state of the line.
  follow(changed, online) {
    const ask = async () => {
      const turn = ++this.turn;
      try {
        const news = await this.get();
        if (turn !== this.turn) return;
        online(news !== null);
        const first = news?.run !== this.run;
        if (news && (first || news.revision !== this.revision)) changed(this.take(news, first), first);
      } finally {
        // An answer that a later question has overtaken changes nothing and asks nothing.
        if (turn === this.turn) this.timer = setTimeout(ask, PAUSE);
      }
    };
    this.now = () => {
      clearTimeout(this.timer);
      return ask();
    };
    ask();
  }

  async get() {
    try {
      const answer = await fetch(`/sandbox/feed?run=${this.run}&since=${this.revision}`);
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  take(news, first) {
    if (first) this.clear();
    this.run = news.run;
    this.revision = news.revision;
    this.info = { account: news.account, signature: news.signature, balance: news.balance };
    this.templates = news.templates;
    const ids = [];
    const all = [
      ...news.messages.map((one) => ({ ...one, id: `m${one.smsid}`, kind: "message" })),
      ...news.replies.map((one) => ({ ...one, id: `r${one.position}`, kind: "reply" })),
    ].sort((one, other) => one.time - other.time);
    for (const item of all) {
      ids.push(item.id);
      this.put(item);
    }
    while (this.items.size > KEPT) this.drop(this.items.keys().next().value);
    return ids;
  }

  put(item) {
    const fresh = !this.items.has(item.id);
    this.items.set(item.id, item);
    let conversation = this.conversations.get(item.mobile);
    if (!conversation) {
      conversation = { mobile: item.mobile, ids: [], unread: 0 };
    }
    if (fresh) {
      conversation.ids.push(item.id);
      conversation.unread += item.kind === "message" ? 1 : 0;
      // The latest conversation is the last of the map.
      this.conversations.delete(item.mobile);
      this.conversations.set(item.mobile, conversation);
    }
  }

  drop(id) {
    const { mobile } = this.items.get(id);
    this.items.delete(id);
    const conversation = this.conversations.get(mobile);
    conversation.ids = conversation.ids.filter((one) => one !== id);
    if (!conversation.ids.length) this.conversations.delete(mobile);
  }
}

export async function post(path, value) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  });
  return answer.ok;
}
