import assert from "node:assert/strict";
import { test } from "node:test";

import { quietFor } from "../../frontend/static/frontend/toast_filter.js";

const drop = { topic: "product.12", type: "product.price_dropped" };

test("a type that is switched off is quiet on every topic", () => {
  const isQuiet = quietFor("*/product.price_dropped */order.received");
  assert.ok(isQuiet(drop));
  assert.ok(isQuiet({ topic: "user.7", type: "order.received" }));
  assert.ok(!isQuiet({ topic: "user.7", type: "account.updated" }));
});

test("a muted topic is quiet for every type, and no other topic with it", () => {
  const isQuiet = quietFor("product.12/*");
  assert.ok(isQuiet(drop));
  assert.ok(!isQuiet({ ...drop, topic: "product.1" }));
  assert.ok(!isQuiet({ ...drop, topic: "product.12.page" }));
});

test("a type that is muted on one topic is told on others", () => {
  const isQuiet = quietFor("product.12/product.price_dropped");
  assert.ok(isQuiet(drop));
  assert.ok(!isQuiet({ ...drop, topic: "product.13" }));
  assert.ok(!isQuiet({ ...drop, type: "product.back_in_stock" }));
});

test("who chose nothing, or is not logged in, is told of everything", () => {
  assert.ok(!quietFor("")(drop));
  assert.ok(!quietFor(undefined)(drop));
  assert.ok(!quietFor("")({}));
});
