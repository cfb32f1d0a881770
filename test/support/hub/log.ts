import type { RequestKind } from "./route.ts";

/** One request to either listener, in order of arrival; `status` and `bytes` are filled in as it is answered. */
export interface LoggedRequest {
  readonly listener: "hub" | "cdn";
  readonly method: string;
  /** Path and query as on the wire. */
  readonly path: string;
  readonly kind: RequestKind;
  /** The file asked for, decoded; by its last segment alone at the CDN. */
  readonly file: string | undefined;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** names in lower case */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** 0: none was sent. */
  status: number;
  /** Of the body, handed to the connection. */
  bytes: number;
  /** Its answer is under way. */
  open: boolean;
  /** Ports of the connection, the client's first. */
  readonly ports: readonly [client: number, listener: number];
  /** bytes that were handed to the connection and that the system has not taken yet */
  readonly unsent: () => number;
}
