// Stock Socket.IO on Node, with its defaults: the same door as stock.py.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http);

io.on("connection", (socket) => {
  socket.on("join", ({ room }, acknowledge) => {
    socket.join(room);
    acknowledge(true);
  });
  socket.on("send", ({ room, text }, acknowledge) => {
    io.to(room).emit("message", { room, text });
    acknowledge(true);
  });
});

http.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => {
  console.log(`ready ${http.address().port}`);
});
