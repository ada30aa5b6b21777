import Link from "next/link";
import type { GuideErrorView } from "@/lib/api/guides";
import { Section } from "@/components/ui/page";

/** What guides say, why it is wrong and the right form, by topic. Each error has an address of its own: `#id`. */
export function GuideList({ base, errors }: { base: string; errors: readonly GuideErrorView[] }) {
  const topics = [...new Set(errors.map(({ topic }) => topic))];
  return (
    <div className="space-y-6">
      {topics.map((topic) => {
        const own = errors.filter((error) => error.topic === topic);
        return (
          <Section key={topic} title={topic} aside={`${own.length} ${own.length === 1 ? "error" : "errors"}`}>
            <div className="card divide-y divide-line">
              {own.map((error) => (
                <GuideArticle key={error.id} base={base} error={error} />
              ))}
            </div>
          </Section>
        );
      })}
    </div>
  );
}

function GuideArticle({ base, error }: { base: string; error: GuideErrorView }) {
  return (
    <article
      id={error.id}
      aria-labelledby={`${error.id}-claim`}
      className="grid scroll-mt-20 gap-x-7 gap-y-1.5 px-3.5 py-3 target:bg-selected lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]"
    >
      <h3 id={`${error.id}-claim`} className="font-medium">
        “{error.claim}”
      </h3>
      <div className="space-y-1">
        <p className="text-fg-2">{error.problem}</p>
        <p>
          <b className="font-strong">Right:</b> {error.right}
        </p>
        {error.controls.length + error.requirements.length > 0 ? (
          <p className="flex flex-wrap gap-x-3 text-small">
            {error.controls.map(({ id, title }) => (
              <Link
                key={id}
                prefetch={false}
                className="link target mono"
                href={`${base}/controls/${id}`}
                title={title}
              >
                {id}
              </Link>
            ))}
            {error.requirements.map(({ id, title }) => (
              <Link
                key={id}
                prefetch={false}
                className="link target"
                href={`${base}/requirements/${id}`}
                title={title}
                aria-label={`Requirement ${id}`}
              >
                {id}
              </Link>
            ))}
          </p>
        ) : null}
      </div>
    </article>
  );
}
