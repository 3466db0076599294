// xpra's client replaces its canvas while it starts.
export async function prepare(page) {
  await page.waitForTimeout(3000);
}
