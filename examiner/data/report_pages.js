"use strict";
// Pages beside the overview, each opened by its hash, and the filter of the flagged modes.
(() => {
  window.addEventListener("error", (event) => { document.documentElement.dataset.error = event.message; });
  const $ = (id) => document.getElementById(id);
  const pages = [...document.querySelectorAll("main > .page")];
  const overview = [document.querySelector("header"), ...document.querySelectorAll("main > section:not(.page)")];
  const links = [...document.querySelectorAll("nav a")];
  const named = () => $(decodeURIComponent(location.hash.slice(1)));

  const mark = (open) => {
    for (const link of links) {
      const page = $(link.hash.slice(1));
      const same = open && page.classList.contains("page") && page.dataset.back.split("-")[0] === open.dataset.back.split("-")[0];
      if (same) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };
  // Shows the page that the hash names, alone; else the overview, at the place that the hash names.
  const route = () => {
    const target = named();
    const open = target && pages.includes(target) ? target : null;
    for (const page of pages) {
      page.hidden = page !== open;
      page.classList.toggle("alone", page === open);
    }
    for (const part of overview) part.hidden = open !== null;
    mark(open);
    if (open) {
      window.scrollTo({ top: 0, behavior: "instant" });
      open.querySelector("h2").focus({ preventScroll: true });
    } else if (target) {
      target.scrollIntoView({ behavior: "instant" });
    }
  };
  window.addEventListener("hashchange", route);
  document.addEventListener("keydown", (event) => {
    const open = pages.find((page) => !page.hidden);
    if (event.key === "Escape" && open) location.hash = open.dataset.back;
  });
  route();
  window.addEventListener("load", route); // the gallery was sorted since

  const form = $("doubts");
  const narrow = () => {
    const { flag, judged } = form.elements;
    const items = [...$("doubtful").children];
    const wanted = (item) => {
      const flags = item.dataset.flags.split(" ").filter(Boolean);
      const flagged = { "": true, "+": flags.length > 0, "-": !flags.length }[flag.value];
      return (flagged ?? flags.includes(flag.value)) && (!judged.value || item.dataset.judged === judged.value);
    };
    const shown = items.filter((item) => !(item.hidden = !wanted(item))).length;
    form.querySelector("output").textContent = `${shown} of ${items.length} shown`;
  };
  if (form) {
    form.hidden = false;
    form.addEventListener("input", narrow);
    form.addEventListener("submit", (event) => event.preventDefault());
    narrow();
  }
})();
