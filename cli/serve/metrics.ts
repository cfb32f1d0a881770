/** How the files of the lock stood on disk when they were last looked at. */
export interface Standings {
  /** Known to be what the lock says. */
  readonly right: number;
  /** To be read before they are served for the first time. */
  readonly unproved: number;
  readonly missing: number;
  readonly changed: number;
}

export interface Metrics {
  readonly requests: number;
  /** bytes of bodies */
  readonly sent: number;
  count(route: string, status: number): void;
  countBytes(bytes: number): void;
  /** In Prometheus' text form: https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(now: { readonly connections: number; readonly files: Standings; readonly version: string }): string;
}

export function newMetrics(): Metrics {
  const requests = new Map<string, number>();
  let [all, sent] = [0, 0];
  return {
    get requests() {
      return all;
    },
    get sent() {
      return sent;
    },
    count(route, status) {
      all += 1;
      const labels = `{route="${route}",status="${status}"}`;
      requests.set(labels, (requests.get(labels) ?? 0) + 1);
    },
    countBytes(bytes) {
      sent += bytes;
    },
    text({ connections, files, version }) {
      return [
        ...family("build_info", "gauge", "The program that serves.", [[`{version="${version}"}`, 1]]),
        ...family("requests_total", "counter", "Requests answered.", [...requests].sort()),
        ...family("sent_bytes_total", "counter", "Bytes of bodies sent.", [["", sent]]),
        ...family("connections", "gauge", "Connections open now.", [["", connections]]),
        ...family(
          "files",
          "gauge",
          "Files of the lock by how they stood on disk when last looked at.",
          Object.entries(files).map(([state, count]) => [`{state="${state}"}`, count] as const),
        ),
      ].join("");
    },
  };
}

function family(
  name: string,
  type: "counter" | "gauge",
  help: string,
  samples: readonly (readonly [labels: string, value: number])[],
): readonly string[] {
  const full = `tritter_serve_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labels} ${value}\n`);
  return [`# HELP ${full} ${help}\n`, `# TYPE ${full} ${type}\n`, ...lines];
}
