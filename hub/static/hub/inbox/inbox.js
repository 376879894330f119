/** The page of the inbox. */
import { first } from "../dom.js";
import { InboxKeys } from "./keys.js";
import { InboxList } from "./inbox_list.js";
import { keepMenus } from "./menus.js";

const root = first(document, ".hub-inbox");

new InboxList(root, {
  url: location.href,
  said: first(document, "[data-hub-said]"),
  fresh: first(document, "[data-hub-new]"),
  scroller: document.scrollingElement,
}).start();
keepMenus(root);
new InboxKeys(root, first(document, "dialog.hub-keys")).start();
