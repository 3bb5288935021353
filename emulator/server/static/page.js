// What a browser can do more with scripts; every page works without.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent;
  navigator.clipboard.writeText(text).then(() => { button.textContent = "Copied"; });
});
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
