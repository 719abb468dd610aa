"use strict";
// What two looks at /stats say about the time between them. Pure functions: nothing here touches the page.

/** All answers of one look, and those of 500 and above. */
function totals(stats) {
  let answers = 0, faults = 0;
  for (const { statuses } of stats.requests)
    for (const [status, count] of Object.entries(statuses)) {
      answers += count;
      if (status >= 500) faults += count;
    }
  return { answers, faults };
}

/** Bucket by bucket what came since `before`, of every endpoint or of the one that `match` lets through. */
function latencies(now, before, match = () => true) {
  const sum = (stats) => {
    const buckets = new Array(now.latency_bounds.length + 1).fill(0);
    for (const endpoint of stats ? stats.requests : [])
      if (match(endpoint)) endpoint.latency.forEach((count, place) => { buckets[place] += count; });
    return buckets;
  };
  const old = sum(before);
  return sum(now).map((count, place) => count - old[place]);
}

/** The seconds that the share `part` stays within; null where nothing came. Straight lines within a bucket. */
function quantile(bounds, buckets, part) {
  const wanted = part * buckets.reduce((sum, count) => sum + count, 0);
  if (!wanted) return null;
  let below = 0;
  for (let place = 0; place < bounds.length; place++) {
    if (below + buckets[place] >= wanted) {
      const from = place ? bounds[place - 1] : 0;
      return from + (bounds[place] - from) * (wanted - below) / buckets[place];
    }
    below += buckets[place];
  }
  return Infinity;
}

/** A duration as one reads it, in the language's own numbers. */
function duration(seconds, language) {
  if (seconds === null) return "–";
  if (seconds === Infinity) return "> 10 s";
  const number = (value) => value.toLocaleString(language, { maximumSignificantDigits: 3 });
  return seconds < 1 ? `${number(seconds * 1000)} ms` : `${number(seconds)} s`;
}

/** Bytes as one reads them. */
function bytes(count, language) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let place = 0;
  for (; count >= 1024 && place < units.length - 1; place++) count /= 1024;
  return `${count.toLocaleString(language, { maximumSignificantDigits: 3 })} ${units[place]}`;
}

/** How long the server has been up: its two largest units. */
function age(seconds) {
  const whole = Math.floor(seconds);
  const parts = [[Math.floor(whole / 86400), "d"], [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"], [whole % 60, "s"]];
  const first = Math.max(0, parts.findIndex(([count]) => count));
  return (first === 3 || !whole ? parts.slice(3) : parts.slice(first, first + 2)).map(([count, unit]) => `${count} ${unit}`).join(" ");
}
