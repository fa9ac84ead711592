// One person over the official JavaScript client, through a balancer: says so many words, waits
// until all are heard, and tells them and the transport that was in use at the end.
//
// node official.mjs <path of socket.io-client> <url> <transport> <token> <room> <words>
import { createRequire } from "node:module";

const [client, url, transport, token, room, words] = process.argv.slice(2);
const { io } = createRequire(client + "/")("socket.io-client");

const transports = transport === "upgrade" ? ["polling", "websocket"] : [transport];
const socket = io(url, { auth: { token }, transports, reconnection: false });
const heard = [];
const all = new Promise((resolve) => {
  socket.on("event", (event) => {
    if (event.type === "message_sent") heard.push(event.body.message.text);
    if (heard.length === Number(words)) resolve();
  });
});
await new Promise((resolve, reject) => {
  socket.on("ready", resolve);
  socket.on("connect_error", reject);
  socket.on("disconnect", (reason) => reject(new Error(reason)));
});
for (let n = 0; n < Number(words); n++) {
  const body = { room_id: Number(room), client_id: `${transport}-${token.slice(-8)}-${n}`, text: `word ${n}` };
  const ack = await socket.timeout(10000).emitWithAck("send_message", body);
  if (!ack.ok) throw new Error(JSON.stringify(ack));
}
await all;
console.log(JSON.stringify({ heard, used: socket.io.engine.transport.name }));
socket.disconnect();
