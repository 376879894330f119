import assert from "node:assert/strict";
import { test } from "node:test";

import { isOfThisSite } from "../../hub/static/hub/toasts/toast.js";

for (const url of ["/", "/orders/2026-000001/", "/a?b=//c#d"]) {
  test(`${url} is a path of this site`, () => assert.ok(isOfThisSite(url)));
}

const FOREIGN = ["//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example/"];
const ODD = ["", "/a\n", "/\u0000", "orders/", "javascript:alert(1)", null, 7];
for (const url of [...FOREIGN, ...ODD]) {
  test(`${JSON.stringify(url)} is no path of this site`, () => assert.ok(!isOfThisSite(url)));
}
