// Selkies takes input once its page was clicked.
export async function prepare(page) {
  await page.waitForTimeout(3000);
  await page.mouse.click(960, 900).catch(() => {});
}
