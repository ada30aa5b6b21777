/** Import of who used the cluster, counted where the audit events lie: for periods whose logs are too large to upload. */
import { z } from "zod";
import { label, time } from "./origin-fields";
import { documentImport, MAX_IMPORT_BYTES } from "./types";

/** Counts users in a log of JSON lines; runs with jq 1.6 in constant memory per user. */
const JQ = String.raw`jq -n 'reduce (inputs|select(.stage=="ResponseComplete" and (.user.username//"")!="")) as $e ({};
  ($e.user.username) as $u | ($e.requestReceivedTimestamp|sub("\\.[0-9]+Z$";"Z")) as $t
  | .from=([.from//$t,$t]|min) | .to=([.to//$t,$t]|max)
  | .users[$u].lastAt=([.users[$u].lastAt//$t,$t]|max)
  | .users[$u].groups[($e.user.groups//[])[]]=1
  | .users[$u].days[$t[0:10]]=1
  | .users[$u].clients[(($e.userAgent//"?")|split("/")[0])]=1
  | .users[$u].credentials[(($e.user.extra//{})["authentication.kubernetes.io/credential-id"]//["?"]|.[0]|split("=")[0])]=1
  | .users[$u].sourceAddresses[(($e.sourceIPs//["?"])[0])]=1
  | (if ($e.objectRef.resource//"")!="" then .users[$u].uses[([$e.verb,($e.objectRef.apiGroup//""),$e.objectRef.resource+(if ($e.objectRef.subresource//"")=="" then "" else "/"+$e.objectRef.subresource end)]|tojson)]=1 else . end))
  | {from,to,isComplete:false,users:[.users|to_entries[]|{username:.key,lastAt:.value.lastAt,groups:(.value.groups//{}|keys),days:(.value.days|keys),clients:(.value.clients|keys),credentials:(.value.credentials|keys-["?"]),sourceAddresses:(.value.sourceAddresses|keys-["?"]),uses:[(.value.uses//{})|keys[]|fromjson|{verb:.[0],apiGroup:.[1],resource:.[2]}]}]}' audit.log`;

const texts = (max: number) => z.array(label).max(max);

export const accessActivityImport = documentImport(
  {
    id: "access-activity",
    title: "Who used the cluster",
    nature: "fact",
    format: "json",
    description:
      "Per user: when last, from where, with what kind of credential and for which kinds of requests, counted from 90 days of audit events. Set isComplete to true only when the events of every API server over the whole period were counted: silence is taken for absence only then.",
    howToGet: JQ,
    controls: ["rbac-unused-access", "auth-no-human-client-certs", "auth-shared-accounts"],
    maxBytes: 16 * MAX_IMPORT_BYTES,
    example: `{
  "from": "2026-08-01T00:00:00Z",
  "to": "2026-11-20T00:00:00Z",
  "isComplete": true,
  "users": [
    {
      "username": "idp:ann@example.com",
      "groups": ["idp:platform"],
      "lastAt": "2026-11-19T09:12:44Z",
      "days": ["2026-11-18", "2026-11-19"],
      "clients": ["kubectl"],
      "credentials": ["JTI"],
      "sourceAddresses": ["10.1.2.3"],
      "uses": [{ "verb": "get", "apiGroup": "", "resource": "pods" }]
    }
  ]
}
`,
  },
  z
    .strictObject({
      from: time,
      to: time,
      isComplete: z.boolean(),
      users: z
        .array(
          z.strictObject({
            username: label,
            lastAt: time,
            groups: texts(500).optional(),
            days: texts(400).optional(),
            clients: texts(1000).optional(),
            credentials: texts(20).optional(),
            sourceAddresses: texts(10_000).optional(),
            uses: z
              .array(z.strictObject({ verb: label, apiGroup: z.string().max(253), resource: label }))
              .max(5000)
              .optional(),
          }),
        )
        .max(50_000),
    })
    .refine(({ from, to }) => from <= to, { error: "must not be earlier than from", path: ["to"] }),
  (activity, origin) => ({ facts: { accessActivity: [{ origin, ...activity }] } }),
);
