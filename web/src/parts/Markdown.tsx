import { Anchor } from "@mantine/core";
import { memo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

const SAFE = /^(https?:|mailto:|\/)/i;

// Elements are built, never HTML from text. Pictures of other hosts would tell them who reads, so
// they are links.
const components: Components = {
  a: ({ href, children }) => (
    <Anchor href={safe(href)} target="_blank" rel="noopener noreferrer nofollow" inherit>
      {children}
    </Anchor>
  ),
  img: ({ src, alt }) => (
    <Anchor
      href={safe(typeof src === "string" ? src : undefined)}
      target="_blank"
      rel="noopener noreferrer nofollow"
      inherit
    >
      {alt ?? src?.toString()}
    </Anchor>
  ),
};

function safe(href: string | undefined): string | undefined {
  return href !== undefined && SAFE.test(href) ? href : undefined;
}

/** Text with Markdown, rendered safely. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      <ReactMarkdown remarkPlugins={[remarkGfm]} components={components} skipHtml>
        {text}
      </ReactMarkdown>
    </div>
  );
});
