import assert from "node:assert/strict";
import { test } from "node:test";

import { eventFilter } from "../../hub/static/hub/toasts/event_filter.js";

const drop = { topic: "product.12", type: "product.price_dropped" };

test("a type that is switched off makes no toast on any topic", () => {
  const isFilteredOut = eventFilter("*/product.price_dropped */order.received");
  assert.ok(isFilteredOut(drop));
  assert.ok(isFilteredOut({ topic: "user.7", type: "order.received" }));
  assert.ok(!isFilteredOut({ topic: "user.7", type: "account.updated" }));
});

test("a muted topic makes no toast, and other topics still do", () => {
  const isFilteredOut = eventFilter("product.12/*");
  assert.ok(isFilteredOut(drop));
  assert.ok(!isFilteredOut({ ...drop, topic: "product.1" }));
  assert.ok(!isFilteredOut({ ...drop, topic: "product.12.page" }));
});

test("a type that is muted on one topic makes toasts on others", () => {
  const isFilteredOut = eventFilter("product.12/product.price_dropped");
  assert.ok(isFilteredOut(drop));
  assert.ok(!isFilteredOut({ ...drop, topic: "product.13" }));
  assert.ok(!isFilteredOut({ ...drop, type: "product.back_in_stock" }));
});

test("without preferences or a user every event makes a toast", () => {
  assert.ok(!eventFilter("")(drop));
  assert.ok(!eventFilter(undefined)(drop));
  assert.ok(!eventFilter("")({}));
});
