// Blocks are put on slides of 1280 x 720 as they fit: what does not goes to a further slide with the same heading, what
// is taller than a slide is cut between its items, rows or lines, and only what cannot be cut is drawn smaller.
const SMALLEST_PICTURE = 0.75; // of the size that it has alone; below, it gets a slide of its own
const LARGEST_PICTURE = 2; // times its own size
const SMALLEST_CODE = 18; // pixels
const SMALL = 120; // pixels of a block that would look lost on a slide of its own
const SQUEEZED = 0.9; // all of a slide, to hold such a block

/** Whether all of a slide's body lies within it. */
function fits(body) {
  return body.scrollHeight <= body.clientHeight && body.scrollWidth <= body.clientWidth;
}

/** Draw a block smaller until its slide holds it, or is wide enough for it. */
function shrink(block, body, held = fits) {
  for (let zoom = 0.95; !held(body) && zoom > 0.1; zoom -= 0.05) block.style.zoom = zoom;
}

/** Draw all of a slide a little smaller where this makes room for its last block. Returns: whether it does. */
function squeeze(body) {
  const before = [...body.children].map((block) => block.style.zoom || 1);
  const draw = (factor) => {
    for (const [at, block] of [...body.children].entries()) block.style.zoom = factor * before[at];
  };
  draw(SQUEEZED);
  if (!fits(body)) draw(1);
  return fits(body);
}

/** Long lines of code in smaller letters, as far as one can read those. */
function fitLines(code) {
  const longest = Math.max(...code.textContent.split("\n").map((line) => line.length));
  code.style.fontSize = `${Math.min(20, Math.max(SMALLEST_CODE, 1140 / (0.603 * longest)))}px`;
}

/** A picture as large as its slide allows, and free to make some room for what stands beside it. */
function size(block, body) {
  const image = block.querySelector("img");
  const scale = Math.min(
    body.clientWidth / image.naturalWidth,
    body.clientHeight / image.naturalHeight,
    LARGEST_PICTURE,
  );
  const height = Math.floor(scale * image.naturalHeight);
  block.style.flex = `0 1 ${height}px`;
  block.style.minHeight = `${Math.floor(SMALLEST_PICTURE * height)}px`;
}

/** Between which a block may be cut: items of a list, rows of a table, lines of code. */
function pieces(block) {
  const code = block.querySelector("pre");
  if (code && !code.querySelector(".line")) {
    const lines = code.innerHTML.replace(/\n$/, "").split("\n");
    code.innerHTML = lines.map((line) => `<span class="line">${line}\n</span>`).join("");
  }
  if (code) return [...code.querySelectorAll(".line")];
  const list = block.querySelector(":scope > ul, :scope > ol");
  if (list) return [...list.children];
  return [...block.querySelectorAll("tbody > tr")];
}

class Page {
  constructor(section, heading) {
    this.section = section;
    this.body = Object.assign(document.createElement("div"), { className: "body" });
    if (heading) section.append(heading);
    section.append(this.body);
  }

  /** A further slide below this one, with the same heading. */
  next() {
    const section = document.createElement("section");
    const heading = this.section.querySelector(":scope > .heading")?.cloneNode(true);
    for (const named of heading?.querySelectorAll("[id]") ?? []) named.removeAttribute("id");
    heading?.classList.add("more");
    this.section.after(section);
    return new Page(section, heading);
  }

  /** Put a block on this slide or on further ones. Returns: the slide on which the next block may stand. */
  place(block) {
    if (block.matches("aside")) {
      this.section.append(block);
      return this;
    }
    const picture = block.matches(".picture") && block.querySelectorAll("img").length === 1;
    const another = picture && this.body.querySelector(":scope > .picture");
    this.body.append(block);
    if (another) return this.moveOn(block);
    if (picture) size(block, this.body);
    else shrink(block, this.body, (body) => body.scrollWidth <= body.clientWidth);
    if (fits(this.body)) return this;
    const before = [...this.body.children].slice(0, -1);
    if (before.some((other) => !other.matches(".lead"))) {
      const result = block.matches(".stream"); // belongs to the code above it
      const remark = block.matches(".text:not(.lead)") && !before.some((other) => other.matches(".code"));
      const small = (result || remark) && block.offsetHeight < SMALL;
      return small && squeeze(this.body) ? this : this.moveOn(block);
    }
    if (pieces(block).length > 1) return this.cut(block);
    shrink(block, this.body);
    return this;
  }

  /** To a new slide with a block, and with what leads to it. */
  moveOn(block) {
    const page = this.next();
    const leads = [];
    for (let other = block.previousElementSibling; other?.matches(".lead"); other = other.previousElementSibling) {
      leads.unshift(other);
    }
    page.body.append(...leads);
    return page.place(block);
  }

  /** Cut a block that is taller than a slide into parts of about the same height, code where a line is empty. */
  cut(block) {
    const all = pieces(block);
    const heights = all.map((piece) => piece.offsetHeight);
    const total = heights.reduce((sum, height) => sum + height, 0);
    const room = Math.max(this.body.clientHeight - (this.body.scrollHeight - total), 1);
    const count = Math.ceil(total / room);
    let holder = all[0].parentElement;
    const first = holder.start ?? 1;
    holder.classList.add("holder");
    holder.replaceChildren();
    const empty = block.cloneNode(true);
    let page = this;
    let part = block;
    let above = 0; // height of all pieces so far
    let number = 1; // of the part
    for (const [at, piece] of all.entries()) {
      const blank = !piece.textContent.trim();
      above += heights[at];
      if (blank && !holder.children.length) continue;
      holder.append(piece);
      const due = above - heights[at] / 2 > (number * total) / count;
      const early = blank && above > ((number - 0.3) * total) / count;
      const enough = due || (early && total - above < (count - number) * room);
      const last = total - above + heights[at] < SMALL;
      const held = last && (fits(page.body) || (!part.style.zoom && squeeze(page.body)));
      if (holder.children.length > 1 && !held && (enough || !fits(page.body))) {
        page = page.next();
        part = empty.cloneNode(true);
        page.body.append(part);
        holder = part.querySelector(".holder");
        if (holder.tagName === "OL") holder.start = first + at;
        if (blank) piece.remove();
        else holder.append(piece);
        number += 1;
      }
      if (!fits(page.body)) shrink(part, page.body);
    }
    return page;
  }
}

/** A slide's blocks on as many slides as they need. */
function paginate(section) {
  const own = section.firstElementChild.matches(".heading") ? section.firstElementChild : null;
  const above = section.previousElementSibling?.querySelector(":scope > .heading")?.cloneNode(true);
  above?.classList.add("more");
  const blocks = [...section.children].filter((block) => block !== own);
  section.replaceChildren();
  let page = new Page(section, own ?? above);
  for (const block of blocks) page = page.place(block);
  if (!section.querySelector(":scope > .body > *")) section.classList.add("bare");
}

/** Questions show their answer with the next step; folded code opens over the slide. */
function unfold() {
  for (const [number, details] of document.querySelectorAll(".block details").entries()) {
    const summary = details.querySelector("summary");
    const said = summary.textContent.trim();
    const inside = document.createElement("div");
    summary.remove();
    inside.append(...details.childNodes);
    if (inside.querySelector("pre")) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: said });
      inside.popover = "auto";
      inside.id = `folded-${number}`;
      button.setAttribute("popovertarget", inside.id);
      details.replaceWith(button, inside);
    } else {
      inside.className = "answer fragment";
      const asked = document.createElement("p");
      asked.append(...summary.childNodes);
      details.replaceWith(...(said === "Answer" ? [inside] : [asked, inside]));
    }
  }
}

/** What a mark "fragment" spans appears at once, also where it is put on several slides. */
function spread() {
  for (const [number, fragment] of document.querySelectorAll("section > .fragment").entries()) {
    for (const block of fragment.querySelectorAll(":scope > .block")) {
      block.classList.add("fragment");
      block.dataset.fragmentIndex = number;
    }
    fragment.replaceWith(...fragment.childNodes);
  }
}

async function start() {
  await MathJax.startup.promise;
  unfold();
  spread();
  await MathJax.typesetPromise();
  // The speaker's window has no style that hides them.
  for (const double of document.querySelectorAll("aside mjx-assistive-mml")) double.remove();
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await document.fonts.ready;
  for (const code of document.querySelectorAll(".block > .highlight pre, .block > pre")) fitLines(code);
  for (const section of [...document.querySelectorAll(".slides > section > section")]) paginate(section);
  document.querySelector(".reveal").classList.remove("preparing");
  await Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    hash: true,
    slideNumber: "c/t",
    navigationMode: "linear",
    transition: "none",
    backgroundTransition: "none",
    display: "flex",
    keyboardCondition: () => !document.querySelector(":popover-open"), // Escape closes the code, and only that
    plugins: [RevealNotes],
  });
}

document.addEventListener("DOMContentLoaded", start);
