import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { reads, serve, text, useBrowser } from "./harness.mjs";

const open = useBrowser();
const ANSWER = "[dj-stream=answer]";
let demo;
before(async () => (demo = await serve(["--demo"])));
after(() => demo.end());

/** Collects the events of the stream `answer`. */
const listen = (page) =>
  page.evaluate(() => {
    window.told = [];
    for (const name of ["start", "done", "error", "integrity"])
      document.addEventListener(
        `stream:${name}`,
        ({ detail }) => detail.stream == "answer" && window.told.push(detail.reason ?? detail.ok ?? name),
      );
  });
const told = (page, what) => page.waitForFunction((each) => window.told.includes(each), what);

test("an answer arrives completely, and the next question does not change it", async () => {
  const page = await open(demo.url);
  await listen(page);
  await page.getByRole("button", { name: "Why is it fast?" }).click();
  await page.locator(`${ANSWER}.is-streaming`).waitFor();
  await told(page, "complete");
  await told(page, true); // the hash of the text is right
  const first = await text(page, ANSWER);
  assert.match(first, /Speed here comes mostly from doing less\..*the machine stays cool\./);
  await page.locator(`${ANSWER}:not(.is-streaming)`).waitFor();
  assert.equal(await text(page, "#announcer"), `Answer: ${first}`);

  await page.getByLabel("Your question").fill("And what if there is an error?");
  await page.keyboard.press("Enter");
  await page.locator(`${ANSWER}.is-streaming`).waitFor();
  await reads(page, ".message:nth-child(2) .words", first);
  await page.waitForFunction(() => window.told.filter((each) => each == "complete").length == 2);
  assert.match(await text(page, ANSWER), /spinner that turns for ever/);
  assert.equal(await page.locator(".message").count(), 4);
  assert.equal(await page.getByLabel("Your question").inputValue(), "");
  await page.clean();
});

test("an answer whose connection is lost arrives completely, and each event fires once", async () => {
  const page = await open(demo.url);
  await listen(page);
  await page.getByRole("button", { name: "Why is it fast?" }).click();
  await page.waitForFunction((answer) => document.querySelector(answer)?.textContent.length > 40, ANSWER);
  for (const attempt of [1, 2]) {
    await page.getByRole("button", { name: "Lose connection" }).click();
    await page
      .getByRole("cell", { name: `resume #${attempt}` })
      .nth(3)
      .waitFor({ state: "attached" });
    await page
      .getByRole("cell", { name: "it goes on" })
      .nth(4 * attempt - 1)
      .waitFor({ state: "attached" });
    await reads(page, ".link", "connected");
  }
  await told(page, true); // the hash of the text is right
  assert.deepEqual(await page.evaluate(() => window.told), ["start", "complete", true]);
  assert.match(await text(page, ANSWER), /Speed here comes mostly from doing less\..*the machine stays cool\./);
  await page.clean();
});

test("Escape and the Stop button cancel the work, and the text stays", async () => {
  const page = await open(demo.url);
  await listen(page);
  await page.getByLabel("Your question").fill("A story about the sea");
  await page.keyboard.press("Enter");
  await page.waitForFunction((answer) => document.querySelector(answer)?.textContent.length > 40, ANSWER);
  await page.keyboard.press("Escape");
  await told(page, "cancelled");
  await page.getByRole("button", { name: "Send" }).waitFor();
  assert.ok((await text(page, ANSWER)).length > 40);
  assert.equal(await page.evaluate(() => document.activeElement.id), "question");
  assert.match(await text(page, "#announcer"), /^Stopped: ./);

  await page.evaluate(() => (window.told = []));
  await page.keyboard.type("Once more");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter"); // on Send; the focus returns to the question
  await page.getByRole("button", { name: "Stop" }).waitFor();
  await page.getByRole("button", { name: "Stop" }).focus();
  await page.keyboard.press("Space");
  await told(page, "cancelled");
  await page.waitForFunction(() => document.activeElement.id == "chat-send"); // the focus moved to the new button
  await page.clean();
});

test("the page scrolls only for a reader who is at the end", async () => {
  const page = await open(demo.url, { viewport: { width: 390, height: 600 } });
  const room = page.locator(".transcript");
  await page.getByRole("button", { name: "Why do tokens get lost?" }).click();
  await page.waitForFunction(() => {
    const { scrollHeight, clientHeight } = document.querySelector(".transcript");
    return scrollHeight > clientHeight + 50;
  }); // the answer has begun; before that the button still says Send
  await page.getByRole("button", { name: "Send" }).waitFor();
  await page.waitForFunction(() => {
    const { scrollHeight, clientHeight, scrollTop } = document.querySelector(".transcript");
    return scrollHeight - clientHeight - scrollTop <= 2;
  });
  await page.getByLabel("Your question").fill("Tell me about errors");
  await page.keyboard.press("Enter");
  await page.locator(`${ANSWER}.is-streaming`).waitFor();
  await room.evaluate((el) => (el.scrollTop = 0));
  await page.getByRole("button", { name: "Send" }).waitFor();
  assert.equal(await room.evaluate((el) => el.scrollTop), 0);
  await page.clean();
});

test("the model of an endpoint answers, fails, and is asked again", async () => {
  const asked = [];
  const model = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    asked.push({ authorization: request.headers.authorization, ...JSON.parse(body) });
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const content of ["It is ", "<b>model</b> ", "speaking."])
      response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
    if (asked.length == 1) response.end();
    else response.end("data: [DONE]\n\n");
  });
  await new Promise((listening) => model.listen(0, "127.0.0.1", listening));
  const env = {
    STREAMOPS_DEMO_OPENAI_URL: `http://127.0.0.1:${model.address().port}/v1`,
    STREAMOPS_DEMO_OPENAI_KEY: "a key",
    STREAMOPS_DEMO_OPENAI_MODEL: "a-model",
  };
  const server = await serve(["--demo"], { env });
  try {
    const page = await open(server.url);
    await page.getByLabel("Your question").fill("Who is there?");
    await page.keyboard.press("Enter");
    await reads(page, ".chat [role=alert]", "The model's answer ended early");
    assert.equal(await text(page, ANSWER), "It is <b>model</b> speaking.");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("button", { name: "Try again" }).waitFor({ state: "detached" });
    await page.locator(".chat [role=alert]").waitFor({ state: "hidden" });
    await reads(page, ANSWER, "It is <b>model</b> speaking.");
    await page.getByRole("button", { name: "Send" }).waitFor();
    assert.equal(asked.length, 2);
    const { authorization, model: name, messages, stream } = asked[1];
    assert.deepEqual([authorization, name, stream], ["Bearer a key", "a-model", true]);
    assert.deepEqual(messages, [{ role: "user", content: "Who is there?" }]);
    await page.clean();
  } finally {
    await server.end();
    model.close();
  }
});
