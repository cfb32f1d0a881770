import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A SOCKS 5 proxy (RFC 1928, no authentication) that takes every host for `target`, on loopback, and keeps what it was asked. */
export async function startSocks(target: { port: number }) {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("data", (greeting) => {
      if (greeting[0] !== 5) return socket.destroy();
      socket.write(Buffer.from([5, 0]));
      socket.once("data", (asked) => {
        const length = asked[4] ?? 0;
        seen.push(`${asked.toString("latin1", 5, 5 + length)}:${asked.readUInt16BE(5 + length)}`);
        const onward = connect(target.port, "127.0.0.1", () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          onward.pipe(socket).pipe(onward);
        });
        sockets.add(onward);
        onward.on("error", () => socket.destroy());
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `socks5://127.0.0.1:${port}`, seen };
}
