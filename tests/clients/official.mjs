// Two people write to each other over the official JavaScript client and plain fetch: what a
// stranger's program would do, with none of Talkoo's own code.
//
// node official.mjs <path of socket.io-client> <url> <host> <transport> <email> <email> <password> <room>
import { createRequire } from "node:module";
import http from "node:http";

const [client, url, host, transport, first, second, password, room] = process.argv.slice(2);
const { io } = createRequire(client + "/")("socket.io-client");

function logIn(email) {
  const body = JSON.stringify({ email, password, token: true });
  const headers = { Host: host, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = http.request(url + "/api/v1/sessions", { method: "POST", headers }, (answer) => {
      let text = "";
      answer.on("data", (piece) => (text += piece));
      answer.on("end", () =>
        answer.statusCode === 201 ? resolve(JSON.parse(text).token) : reject(new Error(text)),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

function connect(token) {
  const transports = transport === "upgrade" ? ["polling", "websocket"] : [transport];
  const socket = io(url, { auth: { token }, transports, reconnection: false });
  return new Promise((resolve, reject) => {
    const heard = [];
    socket.on("event", (event) => heard.push(event));
    socket.on("ready", () => resolve({ socket, heard }));
    socket.on("connect_error", reject);
  });
}

async function until(condition) {
  const end = Date.now() + 20000;
  while (!condition()) {
    if (Date.now() > end) throw new Error("it did not come");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const people = await Promise.all([first, second].map(async (email) => connect(await logIn(email))));
const [ada, ben] = people;
const said = (person) =>
  person.heard.filter((event) => event.type === "message_sent").map((event) => event.body.message.text);

for (const [n, person] of [ada, ben, ada].entries()) {
  const ack = await person.socket
    .timeout(10000)
    .emitWithAck("send_message", { room_id: Number(room), client_id: `official-${transport}-${n}`, text: `word ${n}` });
  if (!ack.ok) throw new Error(JSON.stringify(ack));
}
await until(() => said(ada).length >= 3 && said(ben).length >= 3);

const refused = await ben.socket.timeout(10000).emitWithAck("send_message", { room_id: "x", text: 7 });
const used = people.map((person) => person.socket.io.engine.transport.name);
console.log(JSON.stringify({ ada: said(ada), ben: said(ben), refused, used }));
people.forEach((person) => person.socket.disconnect());
