// What tests run inside of a page, where there is a document and no Node.

/** Texts that lie upon each other, texts beyond the window's edge, and by how many px the page is wider than the window. */
export function measured() {
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (node.textContent.trim() === "" || parent.closest("title, style, .skip") !== null) continue;
    if (!parent.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const { left, right, top, bottom, width, height } of range.getClientRects())
      if (width > 1 && height > 1)
        boxes.push({ text: node.textContent.trim().slice(0, 60), left, right, top, bottom });
  }
  boxes.sort((a, b) => a.top - b.top);
  // Boxes of letters have room above and below them.
  const room = 3.5;
  const overlaps = boxes.flatMap((one, index) => {
    const found = [];
    for (const other of boxes.slice(index + 1)) {
      if (other.top > one.bottom - room) break;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - other.top;
      if (across > 1 && down > room) found.push(`${one.text} | ${other.text}`);
    }
    return found;
  });
  const edge = document.documentElement.clientWidth;
  return {
    overlaps,
    outside: boxes.filter(({ left, right }) => left < -0.5 || right > edge + 0.5).map(({ text }) => text),
    wide: document.documentElement.scrollWidth - edge,
  };
}

export function openTables() {
  for (const one of document.querySelectorAll("details")) one.open = true;
}

/** `axe` is there once its source has been run. */
export async function faults() {
  const { violations } = await window.axe.run();
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** Headings of plots that no table follows. */
export function plotsWithoutTable() {
  return [...document.querySelectorAll("figure")]
    .filter((one) => one.nextElementSibling?.tagName !== "DETAILS")
    .map((one) => one.previousElementSibling?.textContent);
}

/** Of the focused element. */
export function focused() {
  const { textContent, tagName } = document.activeElement;
  return { text: textContent, tag: tagName };
}

export function printed() {
  const { scrollWidth, clientWidth } = document.documentElement;
  return {
    ground: getComputedStyle(document.body).backgroundColor,
    nav: getComputedStyle(document.querySelector("nav")).display,
    table: document.querySelector("table").getBoundingClientRect().height > 50,
    wide: scrollWidth - clientWidth,
  };
}
