// Light or dark as the reader's system has it, as long as nobody chose: set before anything is drawn.
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    root.dataset.bsTheme = dark.matches ? "dark" : "light";
  };
  if ("themeFollows" in root.dataset) {
    follow();
    dark.addEventListener("change", follow);
  }
}
