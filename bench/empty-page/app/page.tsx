import { connection } from "next/server";

/** The denominator of the page goals: a dynamic page of one word. */
export default async function EmptyPage() {
  await connection();
  return <p>empty</p>;
}
