// Draws the dashboard's charts from what each canvas carries, in the page's own colours and language. Without it the
// page is complete: every chart has its table.
(function () {
    "use strict";

    const root = document.documentElement;
    const drawn = [];

    function colour(name) {
        return getComputedStyle(root).getPropertyValue(name).trim();
    }

    function datasets(data) {
        return data.sets.map(function (set) {
            const tone = colour(`--ihuyi-chart-${set.tone}`);
            return {
                label: set.label,
                data: set.data,
                urls: set.urls,
                backgroundColor: tone,
                borderColor: tone,
                borderWidth: data.kind === "line" ? 2 : 0,
                pointRadius: data.labels.length > 60 ? 0 : 2,
                spanGaps: true,
                tension: 0.2,
            };
        });
    }

    function axis(text, lines, more) {
        const ticks = { color: text, maxRotation: 0, autoSkipPadding: 12 };
        return Object.assign({ grid: { color: lines }, border: { color: lines }, ticks }, more);
    }

    // The list of messages that a part of a column stands for.
    function follow(event, parts, chart) {
        const part = parts[0];
        const urls = part && chart.data.datasets[part.datasetIndex].urls;
        if (urls && urls[part.index]) {
            window.location.assign(urls[part.index]);
        }
    }

    function point(event, parts, chart) {
        const part = parts[0];
        const urls = part && chart.data.datasets[part.datasetIndex].urls;
        chart.canvas.style.cursor = urls && urls[part.index] ? "pointer" : "default";
    }

    function options(data) {
        const text = colour("--body-fg");
        const lines = colour("--border-color");
        const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
        const unit = data.unit || "";
        const vertical = { stacked: Boolean(data.stacked), beginAtZero: data.kind === "bar" || data.most !== undefined };
        if (data.most !== undefined) {
            vertical.max = data.most;
        }
        return {
            locale: root.lang,
            animation: still ? false : { duration: 300 },
            maintainAspectRatio: false,
            interaction: { mode: data.kind === "bar" ? "nearest" : "index", intersect: data.kind === "bar" },
            onClick: follow,
            onHover: point,
            plugins: {
                legend: { display: data.sets.length > 1, position: "bottom", labels: { color: text, boxWidth: 14 } },
                tooltip: {
                    callbacks: {
                        label: (item) => ` ${item.dataset.label}: ${item.formattedValue}${unit && ` ${unit}`}`,
                    },
                },
            },
            scales: {
                x: axis(text, "transparent", { stacked: Boolean(data.stacked) }),
                y: axis(text, lines, vertical),
            },
        };
    }

    function draw(canvas) {
        const data = JSON.parse(canvas.dataset.ihuyiChart);
        canvas.parentElement.hidden = false;
        const chart = new window.Chart(canvas, {
            type: data.kind,
            data: { labels: data.labels, datasets: datasets(data) },
            options: options(data),
        });
        drawn.push({ chart, data });
        canvas.closest("section").querySelector("details").open = false;
    }

    function recolour() {
        drawn.forEach(function (one) {
            datasets(one.data).forEach(function (set, index) {
                Object.assign(one.chart.data.datasets[index], {
                    backgroundColor: set.backgroundColor,
                    borderColor: set.borderColor,
                });
            });
            one.chart.options = options(one.data);
            one.chart.update("none");
        });
    }

    // On paper nobody can open a table or point at a column.
    function forPaper() {
        document.querySelectorAll(".ihuyi-chart details").forEach(function (details) {
            details.open = true;
        });
        drawn.forEach((one) => one.chart.resize());
    }

    document.addEventListener("DOMContentLoaded", function () {
        document.querySelectorAll("canvas[data-ihuyi-chart]").forEach(draw);
        new MutationObserver(recolour).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
        window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
        window.addEventListener("beforeprint", forPaper);
        window.addEventListener("afterprint", () => drawn.forEach((one) => one.chart.resize()));
    });
})();
