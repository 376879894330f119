/**
 * The recent samples of all server processes, per second. No DOM.
 *
 * Percentiles come from merged buckets: an average of percentiles would be wrong.
 */

export const WINDOW = 300; // seconds that the charts show
export const PERCENTILE_SPAN = 10; // seconds whose responses make one percentile
const MINUTE = 60; // seconds for which a silent process is remembered
const MAX_PROCESSES = 64; // further ones are ignored
const MAX_SPREAD = 10; // seconds over which one late sample is spread
const MAX_DRIFT = 1.5; // seconds that a sample may arrive off its computed end
const ROUNDING = 0.01; // seconds; anything shorter is a rounding error
const LIVE_FOR = 3_000; // ms after which a silent process no longer counts
const STATUSES = ["2xx", "3xx", "4xx", "5xx", "left"];
const GAMMA = 1.02 / 0.98; // as on the server: each bucket is accurate to 2 %

/**
 * @param {Map<number, number>} buckets counts by index
 * @param {number} share 0 to 1
 * @returns {number | null} ms, null if nothing was counted
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
  #seconds = new Map(); // second -> {rate, errors, latencies}
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
      if (overlap < ROUNDING) continue;
      const slot = this.#slot(second);
      slot.rate += (sample.requests * overlap) / sample.seconds;
      slot.errors += ((sample.statuses["5xx"] ?? 0) * overlap) / sample.seconds;
    }
    const slot = this.#slot(Math.floor(end - Math.min(sample.seconds, 1) / 2));
    for (const [index, count] of Object.entries(sample.latencies)) {
      add(slot.latencies, Number(index), count);
    }
    this.#prune(now);
  }

  /** ms since the last sample, null before the first. */
  age(now) {
    return this.#last === null ? null : now - this.#last;
  }

  /** The current figures. */
  figures(now) {
    const live = this.processes(now).filter(({ isLive }) => isLive);
    const sum = (figure) => live.reduce((total, process) => total + process[figure], 0);
    const latest = new Map();
    const end = lastWhole(now);
    for (let second = end - PERCENTILE_SPAN + 1; second <= end; second += 1) {
      merge(latest, this.#seconds.get(second)?.latencies, 1);
    }
    return {
      rate: sum("rate"),
      errors: sum("errors"),
      inFlight: sum("inFlight"),
      p50: quantile(latest, 0.5),
      p95: quantile(latest, 0.95),
      p99: quantile(latest, 0.99),
      statuses: STATUSES.map((status) => [
        status,
        live.reduce((total, { statuses }) => total + (statuses[status] ?? 0), 0),
      ]),
      processes: live.length,
    };
  }

  /** The last sample of each process, by name. */
  processes(now) {
    return [...this.#processes.entries()]
      .map(([name, { at, sample }]) => ({
        name,
        rate: sample.requests / sample.seconds,
        errors: (sample.statuses["5xx"] ?? 0) / sample.seconds,
        statuses: Object.fromEntries(
          Object.entries(sample.statuses).map(([status, count]) => [status, count / sample.seconds]),
        ),
        inFlight: sample.in_flight,
        p95: quantile(
          new Map(Object.entries(sample.latencies).map(([index, count]) => [Number(index), count])),
          0.95,
        ),
        isLive: now - at <= LIVE_FOR,
      }))
      .sort((one, other) => one.name.localeCompare(other.name));
  }

  /**
   * The window as columns, oldest first; null for a second without samples. The current second is
   * left out: the samples of some processes are still missing.
   */
  columns(now) {
    const end = lastWhole(now);
    const start = end - WINDOW + 1;
    const before = start - PERCENTILE_SPAN + 1; // its responses count towards the first column
    const columns = { step: 1, seconds: [], rate: [], errors: [], p95: [] };
    const blend = new Map();
    for (let second = before; second <= end; second += 1) {
      merge(blend, this.#seconds.get(second)?.latencies, 1);
      if (second - PERCENTILE_SPAN >= before) {
        merge(blend, this.#seconds.get(second - PERCENTILE_SPAN)?.latencies, -1);
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
   * When the time that a sample covers ended, in seconds. Samples of one process are contiguous,
   * whenever they arrive: a late one would otherwise leave a gap next to a peak. The first sample
   * ends with its second, so that a usual sample fills one second.
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
      this.#seconds.set(second, { rate: 0, errors: 0, latencies: new Map() });
    }
    return this.#seconds.get(second);
  }

  #prune(now) {
    const oldest = lastWhole(now) - WINDOW - PERCENTILE_SPAN;
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
