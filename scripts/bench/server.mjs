// The process that serves a site: nginx where there is one, else Node. Told what to serve over IPC, and ends, nginx
// with it, when whoever started it does.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serveHere } from "./node-server.mjs";

// Ctrl-C reaches all processes of the terminal; the one that started this decides when it is over.
for (const name of ["SIGINT", "SIGHUP"]) process.on(name, () => {});

const [settings] = await once(process, "message");
let nginx;
process.on("disconnect", async () => {
  if (nginx?.exitCode === null && nginx.kill()) await once(nginx, "exit");
  process.exit();
});

try {
  if (settings.nginx === undefined) {
    const { url, tally } = await serveHere(settings);
    process.on("message", () => process.send({ tally: tally() }));
    process.send({ url });
  } else process.send({ url: await serveByNginx() });
} catch (error) {
  process.send({ error: error instanceof Error ? error.message : String(error) });
}

async function serveByNginx() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const conf = join(settings.scratch, "nginx.conf");
  await mkdir(settings.scratch, { recursive: true });
  await writeFile(conf, nginxConf(port, url));
  nginx = spawn(settings.nginx, ["-e", "stderr", "-p", settings.scratch, "-c", conf], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  nginx.stderr.setEncoding("utf8").on("data", (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  const ended = once(nginx, "exit").then(() => {
    throw new Error(`nginx does not start: ${said.trim()}`);
  });
  // Whether it ends early is asked only until it listens.
  ended.catch(() => {});
  await Promise.race([ended, listening(port)]);
  return url;
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function listening(port) {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const open = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await sleep(20);
  }
}

function nginxConf(port, url) {
  const { site, pageCounts } = settings;
  const next = Array.from({ length: Math.max(...Object.values(pageCounts)) - 1 }, (_, page) => page);
  const link = (page) =>
    `"<${url}$uri?recursive=true&expand=false&limit=1000&cursor=${page + 1}>; rel=\\"next\\""`;
  return `
daemon off;
pid nginx.pid;
worker_processes auto;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  map_hash_max_size 65536;
  map_hash_bucket_size 512;
  map $arg_cursor $page { default 0; "~^[0-9]+$" $arg_cursor; }
  map "$commit/$page" $next {
    default "";
${Object.entries(pageCounts)
  .flatMap(([commit, count]) =>
    next.filter((page) => page < count - 1).map((page) => `    ${commit}/${page} ${link(page)};`),
  )
  .join("\n")}
  }
  server {
    listen 127.0.0.1:${port};
    location ~ ^/datasets/[^/]+/[^/]+/resolve/(?<commit>[0-9a-f]+)/(?<path>.+)$ {
      alias "${site}/files/$commit/$path";
      default_type application/octet-stream;
      add_header X-Repo-Commit $commit;
    }
    location ~ ^/api/datasets/[^/]+/[^/]+/tree/(?<commit>[0-9a-f]+)$ {
      alias "${site}/tree/$commit/$page.json";
      default_type application/json;
      add_header Link $next;
    }
    location ~ ^/api/datasets/[^/]+/[^/]+/revision/(?<revision>\\w+)$ {
      alias "${site}/info/$revision.json";
      default_type application/json;
    }
    location ~ ^/api/datasets/[^/]+/[^/]+$ {
      alias "${site}/info/main.json";
      default_type application/json;
    }
    location / { return 404; }
  }
}
`;
}
