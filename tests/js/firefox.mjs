/**
 * Firefox, driven over WebDriver BiDi by lines of JSON: `[command, ...arguments]` on standard input,
 * `{result}` or `{error}` on standard output for each.
 */
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [puppeteerFolder, executablePath] = process.argv.slice(2);
const entry = pathToFileURL(`${puppeteerFolder}/lib/esm/puppeteer/puppeteer-core.js`);
const { default: puppeteer } = await import(entry);
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
const tabs = [];

const COMMANDS = {
  async open(url) {
    const tab = await browser.newPage();
    tabs.push(tab);
    await tab.goto(url);
    return tabs.length - 1;
  },
  go: (tab, url) => tabs[tab].goto(url).then(() => null),
  fill: (tab, selector, text) => tabs[tab].type(selector, text),
  click: (tab, selector) => tabs[tab].click(selector),
  submit: (tab, selector) =>
    Promise.all([tabs[tab].waitForNavigation(), tabs[tab].click(selector)]).then(() => null),
  show: (tab) => tabs[tab].bringToFront(),
  evaluate: (tab, script) => tabs[tab].evaluate(script),
  close: (tab) => tabs[tab].close(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...given] = JSON.parse(line);
  try {
    console.log(JSON.stringify({ result: (await COMMANDS[command](...given)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
await browser.close();
