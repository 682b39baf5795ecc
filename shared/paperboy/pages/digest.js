"use strict";
const MARKS_KEY = "paperboy.marks";
const MAX_MARKS = 5000; // a hundredth of what a browser lets a site keep

// A signed link opens one page alone: a way from it to another would be refused.
if (/[?&](X-Amz-|Signature=)/i.test(location.search)) {
  for (const ways of document.querySelectorAll(".ways")) ways.remove();
}

// The reader's marks, such as "read 2602.02343", the oldest first. They stay in this browser; where it keeps nothing,
// or something that is none of ours, the page goes on with those that it has.
let marks = new Set();

function load() {
  try {
    marks = new Set(JSON.parse(localStorage.getItem(MARKS_KEY)));
  } catch {}
}

function save() {
  try {
    localStorage.setItem(MARKS_KEY, JSON.stringify([...marks].slice(-MAX_MARKS)));
  } catch {}
}

function show() {
  for (const button of document.querySelectorAll("article button")) {
    const paper = button.closest("article");
    const marked = marks.has(`${button.name} ${paper.id}`);
    button.setAttribute("aria-pressed", marked);
    for (const line of document.querySelectorAll(`.glance a[href="#${paper.id}"]`)) {
      line.classList.toggle(button.name, marked);
    }
  }
}

function toggle(mark) {
  load(); // another window may have marked something since
  if (!marks.delete(mark)) marks.add(mark);
  save();
  show();
}

// Made here, so that without a script there is no button that does nothing.
for (const paper of document.querySelectorAll("article")) {
  paper.append(document.querySelector("template").content.cloneNode(true));
  for (const button of paper.querySelectorAll("button")) {
    button.addEventListener("click", () => toggle(`${button.name} ${paper.id}`));
  }
}
for (const event of ["pageshow", "storage"]) { // a page that one comes back to is shown as it was left
  addEventListener(event, () => { load(); show(); });
}
