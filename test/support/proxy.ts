import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { onTestFinished } from "vitest";

/** An HTTP server on loopback until the end of the test. */
export async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  host = "127.0.0.1",
): Promise<{ server: Server; port: number; url: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `http://${host}:${port}` };
}

/** A proxy that takes every host for `target`, on loopback, and keeps what it was asked. */
export async function startProxy(target: { port: number }) {
  const seen: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const proxy = await listen((asked, response) => {
    seen.push(`${asked.method} ${asked.url}`);
    authorizations.push(asked.headers["proxy-authorization"]);
    const { pathname, search } = new URL(asked.url ?? "");
    const onward = request({
      host: "127.0.0.1",
      port: target.port,
      method: asked.method,
      path: pathname + search,
      headers: asked.headers,
    });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    asked.pipe(onward);
  });
  proxy.server.on("connect", (asked: IncomingMessage, socket, head: Buffer) => {
    seen.push(`CONNECT ${asked.url}`);
    authorizations.push(asked.headers["proxy-authorization"]);
    const onward = connect(target.port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  return { ...proxy, seen, authorizations };
}
