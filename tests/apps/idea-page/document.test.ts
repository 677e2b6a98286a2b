import { describe, expect, it } from 'vitest';
import { ideaPage, showIdeaPage } from '../../../apps/idea-page/document';

describe('the page of the idea as a document', () => {
  it('needs nothing but itself, and is small', async () => {
    const page = await ideaPage();
    expect(page.length).toBeLessThan(2 ** 16);
    expect(page).not.toMatch(/(?:src|href)\s*=\s*["']?(?:https?:)?\/\//);
    expect(page).not.toMatch(/@import|require\(|\bimport\(/);
  });

  it('is drawn before any script runs', async () => {
    const page = await ideaPage({ text: 'One <b>. Two.' });
    const body = page.slice(0, page.indexOf('<script'));
    expect(body).toContain('One &lt;b&gt;. Two.</textarea>');
    expect(body).toContain('place 1 of segment 1');
    expect(body).not.toContain('<b>. Two');
  });

  it('shows nothing outside a notebook', async () => {
    await expect(showIdeaPage()).resolves.toBe(undefined);
  });
});
