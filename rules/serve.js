const at = id => document.getElementById(id);
const ago = s => s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
async function look() {
  try {
    const run = await (await fetch("/run.json", {cache: "no-store"})).json();
    at("run").hidden = run.study === undefined;
    if (run.study !== undefined) {
      at("name").textContent = run.study;
      at("bar").max = Math.max(1, run.planned);
      at("bar").value = run.built;
      at("count").textContent = `${run.built} of ${run.planned} artifacts built`;
      at("heard").textContent = run.done ? "finished" : `last heard ${ago(run.heard_s)} ago`;
      at("now").replaceChildren(...run.running.map(words => { const li = document.createElement("li"); li.textContent = words; return li; }));
      at("next").textContent = run.next && !run.done ? `next: ${run.next}` : "";
    }
    at("lost").hidden = true;
  } catch { at("lost").hidden = false; }
  setTimeout(look, 1000);
}
look();
