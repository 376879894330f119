// Node's `ws`, as its README broadcasts: one text to each client. Arguments: the port.
const http = require("node:http");
const { WebSocketServer } = require("ws");

const PAD = "x".repeat(110);
const event = (n) =>
  `{"op":"event","id":${n},"type":"bench.told","topic":"product.1",` +
  `"at":"2026-01-01T00:00:00.000000Z","severity":"info","title":"Told","body":"",` +
  `"url":"/products/teapot/","data":{"n":${n},"pad":"${PAD}"}}`;

const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    const { first, count } = JSON.parse(body);
    for (let n = first; n < first + count; n += 1) {
      const text = event(n);
      for (const client of sockets.clients) client.send(text);
    }
    response.end("{}");
  });
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
