/** The hours of each day in which a user is shown only toasts that are critical. */

/**
 * @param {string} [hours] "22:00 07:00 Europe/Berlin", followed by the types that are shown all the
 *   same; empty: none
 * @returns {(frame: {type?: string, severity?: string}, now: number) => boolean} whether an event
 *   makes no toast now
 */
export function quietHours(hours = "") {
  const [begins, ends, zone, ...spared] = hours.split(" ");
  if (!zone) return () => false;
  const clock = clockOf(zone);
  return ({ type = "", severity }, now) => {
    if (severity === "critical" || spared.includes(type)) return false;
    const time = clock.format(now);
    return begins < ends ? begins <= time && time < ends : begins <= time || time < ends;
  };
}

function clockOf(zone) {
  const options = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
  } catch (error) {
    console.warn("This browser does not know the time zone of the quiet hours:", error);
    return new Intl.DateTimeFormat("en-GB", options);
  }
}
