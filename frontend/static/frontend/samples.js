/**
 * The recent past of all server processes, second by second. No DOM.
 *
 * Percentiles come from merged buckets: those of single processes cannot be averaged.
 */

export const WINDOW = 300; // seconds that the charts show
export const BLEND = 10; // seconds whose answers make one percentile
const MINUTE = 60; // seconds over which routes are counted, and a silent process is remembered
const MAX_PROCESSES = 64; // further ones are left out
const MAX_ROUTES = 200; // different routes a second; further ones are left out
const MAX_SPREAD = 10; // seconds over which one late sample is spread
const MAX_DRIFT = 1.5; // seconds between what samples say and when they come, then it starts anew
const CRUMB = 0.01; // seconds; what is shorter is the arithmetic's doing
const LIVE = 3_000; // ms after which a silent process is not counted any more
const GAMMA = 1.02 / 0.98; // as on the server: a bucket is within 2 % of what it counts

/**
 * @param {Map<number, number>} buckets counts by index
 * @param {number} share 0 to 1
 * @returns {number | null} ms, null where nothing was counted
 */
export function quantile(buckets, share) {
  let total = 0;
  for (const count of buckets.values()) total += count;
  const rank = Math.max(1, Math.ceil(share * total));
  let passed = 0;
  for (const index of [...buckets.keys()].sort((one, other) => one - other)) {
    passed += buckets.get(index);
    if (passed >= rank) return (2 * GAMMA ** index) / (GAMMA + 1);
  }
  return null;
}

export class Samples {
  #seconds = new Map(); // second -> {rate, errors, latencies, routes}
  #processes = new Map(); // name -> {second, at, sample}
  #last = null; // ms

  /**
   * @param {object} sample data of a `metrics.sample` event
   * @param {number} now ms
   */
  add(sample, now) {
    const name = sample.process;
    if (!this.#processes.has(name) && this.#processes.size >= MAX_PROCESSES) return;
    const end = this.#endOf(sample, now);
    this.#processes.set(name, { end, at: now, sample });
    this.#last = now;
    const start = end - Math.min(sample.seconds, MAX_SPREAD);
    for (let second = Math.floor(start); second < end; second += 1) {
      const overlap = Math.min(end, second + 1) - Math.max(start, second);
      if (overlap < CRUMB) continue;
      const slot = this.#slot(second);
      slot.rate += (sample.requests * overlap) / sample.seconds;
      slot.errors += ((sample.statuses["5xx"] ?? 0) * overlap) / sample.seconds;
    }
    const slot = this.#slot(Math.floor(end - Math.min(sample.seconds, 1) / 2));
    for (const [index, count] of Object.entries(sample.latencies)) {
      add(slot.latencies, Number(index), count);
    }
    for (const [route, count] of Object.entries(sample.routes ?? {})) {
      if (slot.routes.has(route) || slot.routes.size < MAX_ROUTES) add(slot.routes, route, count);
    }
    this.#prune(now);
  }

  /** ms since the last sample, null before the first. */
  age(now) {
    return this.#last === null ? null : now - this.#last;
  }

  /** The figures of this moment. */
  figures(now) {
    const live = this.processes(now).filter(({ isLive }) => isLive);
    const sum = (figure) => live.reduce((total, process) => total + process[figure], 0);
    const latest = new Map();
    const end = lastWhole(now);
    for (let second = end - BLEND + 1; second <= end; second += 1) {
      merge(latest, this.#seconds.get(second)?.latencies, 1);
    }
    return {
      rate: sum("rate"),
      errors: sum("errors"),
      inFlight: sum("inFlight"),
      p95: quantile(latest, 0.95),
      processes: live.length,
    };
  }

  /** Each process as it was last heard of, by name. */
  processes(now) {
    return [...this.#processes.entries()]
      .map(([name, { at, sample }]) => ({
        name,
        rate: sample.requests / sample.seconds,
        errors: (sample.statuses["5xx"] ?? 0) / sample.seconds,
        inFlight: sample.in_flight,
        p95: quantile(
          new Map(Object.entries(sample.latencies).map(([index, count]) => [Number(index), count])),
          0.95,
        ),
        isLive: now - at <= LIVE,
      }))
      .sort((one, other) => one.name.localeCompare(other.name));
  }

  /** The routes asked for most in the last minute: [name, requests]. */
  routes(now, limit) {
    const counts = new Map();
    const end = lastWhole(now);
    for (let second = end - MINUTE + 1; second <= end; second += 1) {
      merge(counts, this.#seconds.get(second)?.routes, 1);
    }
    return [...counts.entries()].sort(([, one], [, other]) => other - one).slice(0, limit);
  }

  /**
   * The window as columns, oldest first; null where no process was heard. The second that is still
   * going on is left out: not all processes have spoken yet.
   */
  columns(now) {
    const end = lastWhole(now);
    const start = end - WINDOW + 1;
    const before = start - BLEND + 1; // its answers count towards the first column
    const columns = { seconds: [], rate: [], errors: [], p95: [] };
    const blend = new Map();
    for (let second = before; second <= end; second += 1) {
      merge(blend, this.#seconds.get(second)?.latencies, 1);
      if (second - BLEND >= before) {
        merge(blend, this.#seconds.get(second - BLEND)?.latencies, -1);
      }
      if (second < start) continue;
      const slot = this.#seconds.get(second);
      columns.seconds.push(second);
      columns.rate.push(slot?.rate ?? null);
      columns.errors.push(slot?.errors ?? null);
      columns.p95.push(slot ? quantile(blend, 0.95) : null);
    }
    return columns;
  }

  /**
   * When the time that a sample covers ended, in seconds. Samples of one process follow on from
   * each other, whatever their arrival: one that comes a little late would otherwise leave a hole
   * beside a peak. The first ends with its second, so that the usual sample fills one second.
   */
  #endOf({ process, seconds }, now) {
    const arrival = Math.floor(now / 1000) + 1;
    const known = this.#processes.get(process);
    if (!known) return arrival;
    const end = known.end + seconds;
    return Math.abs(end - arrival) > MAX_DRIFT ? arrival : end;
  }

  #slot(second) {
    if (!this.#seconds.has(second)) {
      this.#seconds.set(second, { rate: 0, errors: 0, latencies: new Map(), routes: new Map() });
    }
    return this.#seconds.get(second);
  }

  #prune(now) {
    const oldest = lastWhole(now) - WINDOW - BLEND;
    for (const second of this.#seconds.keys()) {
      if (second < oldest || second > oldest + 2 * WINDOW) this.#seconds.delete(second);
    }
    for (const [name, { at }] of this.#processes) {
      if (now - at > MINUTE * 1000) this.#processes.delete(name);
    }
  }
}

function lastWhole(now) {
  return Math.floor(now / 1000) - 1;
}

function add(counts, key, count) {
  const sum = (counts.get(key) ?? 0) + count;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}

function merge(into, counts = new Map(), sign) {
  for (const [key, count] of counts) add(into, key, sign * count);
}
