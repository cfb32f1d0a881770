import type { Subject } from "./subject.ts";

/** A BibTeX entry of what is known: neither lock nor facts know authors or years. https://ctan.org/pkg/bibtex */
export function citationOf({ locked: { type, repo, commit }, page }: Subject): readonly string[] {
  const [owner = "", name = ""] = repo.includes("/") ? repo.split("/") : ["", repo];
  const key = [owner, name, commit.slice(0, 7)].filter((part) => part !== "").join("-");
  return [
    `@misc{${key.replace(/[^A-Za-z0-9.-]+/g, "-")},`,
    `  title = {{${tex(name)}}},`,
    ...(owner === "" ? [] : [`  author = {{${tex(owner)}}},`]),
    ...(page === undefined ? [] : [`  howpublished = {\\url{${page}}},`]),
    `  note = {Hugging Face ${type} ${tex(repo)}, commit ${commit}}`,
    "}",
  ];
}

function tex(text: string): string {
  return text.replace(/[#$%&_{}~^\\]/g, (sign) => (/[~^\\]/.test(sign) ? "-" : `\\${sign}`));
}
