"""Which requirement a frame breaks whose ops are not a legal merge of what it covers.

Each hypothesis is one way of being wrong. They are tried in order, and the first that explains the frame
names the requirement. `None` means that no single hypothesis explains it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

from streamops_conformance.v1.oracle.coalescing import (
    ABSORBABLE,
    Wire,
    explains,
    legal,
    reduced,
    same,
)
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.vocabulary import LIFECYCLE

Ops = Sequence[LoggedOp]


@dataclass(frozen=True, slots=True)
class Following:
    """The next frame of the stream; `begin` is -1 where there is none."""

    begin: int = -1
    ops: Sequence[Wire] = ()


Hypothesis = Callable[[Ops, int, int, Sequence[Wire], Following, int], bool]

UNLIMITED = 1 << 40


def blame(
    log: Ops, begin: int, n: int, ops: Sequence[Wire], following: Following, *, limit: int
) -> str | None:
    """The requirement that a frame breaks, or None if no single rule explains it.

    `log` is the stream's whole log, the frame covers `log[begin:begin + n]`, `ops` is what it
    holds and `following` is the stream's next frame.
    """
    for requirement, hypothesis in HYPOTHESES:
        if hypothesis(log, begin, n, ops, following, limit):
            return requirement
    return None


def _wrong_n(log: Ops, begin: int, n: int, ops: Sequence[Wire], following: Following, limit: int) -> bool:
    """The ops are right, and `n` is wrong."""
    near = range(max(1, n - 8), n + 9)
    for real in dict.fromkeys((following.begin - begin, len(log) - begin, *near)):
        if not 0 < real <= len(log) - begin or real == n:
            continue
        if not legal(log[begin : begin + real], ops, limit=limit):
            continue
        after = log[begin + real : begin + real + 1]
        # If the number is too large, the operations beyond may also be lost. The next frame shows which.
        if n < real or (after and following.ops and _starts_with(after[0], following.ops[0])):
            return True
    return False


def _starts_with(op: LoggedOp, seen: Wire) -> bool:
    return same(op, seen) or _begins_with(op, seen)


def _begins_with(op: LoggedOp, seen: Wire) -> bool:
    text = str(op.wire.get("text", ""))
    return text != "" and str(seen.get("text", "")).startswith(text) and op.wire["mode"] == seen.get("mode")


def _over_limit(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, __: int) -> bool:
    return legal(log[begin : begin + n], ops, limit=UNLIMITED)


def _split_otherwise(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, limit: int) -> bool:
    """The right text in wrong pieces, where a text had to be split."""
    if any(op["op"] not in ("text", *LIFECYCLE) for op in ops):
        return False
    pieces = [op for op in ops if op["op"] == "text"]
    texts = [op["text"] for op in pieces]
    whole = _built(pieces)
    due: list[LoggedOp] = []
    full = False
    for op in log[begin:]:
        if op.kind in LIFECYCLE:
            continue
        if op.kind != "text":
            break
        due.append(op)
        full = full or limit - 3 <= len(op.wire["text"].encode()) <= limit
        if full and _built([each.wire for each in due]) == whole:
            break
    if not full or {*texts} <= {op.wire["text"] for op in due} or legal(due, pieces, limit=limit):
        return False
    # Or a part of a split text that ends where no piece ends.
    said = _built([op.wire for op in due])
    part = whole != "" and n < len(log) - begin
    return said == whole or (part and (said.startswith(whole) or said.endswith(whole)))


def _first_piece_first(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, limit: int) -> bool:
    """Right if the pieces of a prepend are reversed."""
    turned: list[Wire] = []
    for prepends, run in groupby(ops, lambda op: op.get("mode") == "prepend"):
        found = list(run)
        turned += reversed(found) if prepends else found
    covered = log[begin : begin + n]
    full = any(limit - 3 <= len(str(op.wire.get("text", "")).encode()) <= limit for op in covered)
    return full and legal(covered, turned, limit=limit)


def _built(texts: Sequence[Wire]) -> str:
    """The text that text operations build from nothing."""
    built = ""
    for op in texts:
        kept = "" if op["mode"] == "replace" else built
        built = op["text"] + kept if op["mode"] == "prepend" else kept + op["text"]
    return built


def _html_joined(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, limit: int) -> bool:
    def match(segment: Ops, seen: Wire) -> bool:
        if len(segment) == 1 or not _one_target(segment):
            return _legal_one(segment, seen, limit)
        if any(op.kind not in ("replace", "append", "prepend") for op in segment):
            return _legal_one(segment, seen, limit)
        html = ""
        for op in segment:
            html = op.wire["html"] + html if op.kind == "prepend" else html + op.wire["html"]
        return _legal_one(segment, seen, limit) or (seen["op"] == segment[0].kind and seen["html"] == html)

    return explains(log[begin : begin + n], ops, match)


def _targets_mixed(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, limit: int) -> bool:
    def match(segment: Ops, seen: Wire) -> bool:
        made = reduced(segment, limit=limit)
        if made is None:
            return False
        return any(
            same(LoggedOp(made.stream, made.seq, {**made.wire, "target": op.wire["target"]}, "", 0, 0), seen)
            for op in segment
        )

    return explains(log[begin : begin + n], ops, match)


def _across_barrier(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, limit: int) -> bool:
    """delete, prune or a lifecycle operation was merged into an op, or passed over."""

    def match(segment: Ops, seen: Wire) -> bool:
        if _legal_one(segment, seen, limit):
            return True
        if not _one_target(segment) or all(op.kind in ABSORBABLE for op in segment):
            return False
        return same(segment[-1], seen) or any(
            (made := reduced(part, limit=limit)) is not None and same(made, seen)
            for part in ([op for op in segment if op.kind in ABSORBABLE],)
            if part
        )

    covered = log[begin : begin + n]
    return explains(covered, ops, match) or _merged_past(covered, ops, limit, barriers=True)


def _not_adjacent(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, limit: int) -> bool:
    return _merged_past(log[begin : begin + n], ops, limit, barriers=False)


def _merged_past(covered: Ops, ops: Sequence[Wire], limit: int, *, barriers: bool) -> bool:
    """Whether the frame is legal if the operations on one target are moved together first."""
    return any(
        legal(order, ops, limit=limit)
        for to_first in (True, False)
        if (order := _gathered(covered, to_first=to_first, barriers=barriers)) != list(covered)
    )


def _gathered(covered: Ops, *, to_first: bool, barriers: bool) -> list[LoggedOp]:
    """The operations, with each content operation next to the others on its target."""
    groups: dict[object, list[LoggedOp]] = {}
    epoch = 0
    state = covered if to_first else list(reversed(covered))
    for op in state:
        if op.kind in ABSORBABLE:
            groups.setdefault((epoch, op.wire["target"]), []).append(op)
        else:
            groups[("barrier", len(groups))] = [op]
            epoch += 0 if barriers else 1
    gathered = [op for group in groups.values() for op in group]
    return gathered if to_first else list(reversed(gathered))


def _reordered(log: Ops, begin: int, n: int, ops: Sequence[Wire], following: Following, limit: int) -> bool:
    """The same operations in another order: within the frame, merged, or mixed with the next ones."""
    covered = log[begin : begin + n]
    if len(ops) == n and _permuted(covered, ops):
        return True
    ahead = log[begin : begin + n + len(following.ops) + 8]
    if len(ops) == n and following.ops and len(ahead) > n:
        positions = [next((i for i, op in enumerate(ahead) if _is(op, seen)), None) for seen in ops]
        first = next((i for i, op in enumerate(ahead) if _is(op, following.ops[0])), None)
        late = None not in positions and first is not None and any(first < (p or 0) for p in positions)
        if late and positions != list(range(n)):
            return True

    def match(segment: Ops, seen: Wire) -> bool:
        if _legal_one(segment, seen, limit):
            return True
        if len(segment) < 2 or seen["op"] != "text" or not _one_target(segment):
            return False
        if any(op.kind != "text" for op in segment):
            return False
        texts = [str(op.wire["text"]) for op in segment]
        whole = str(seen["text"])
        return len(whole) == sum(map(len, texts)) and (
            whole in ("".join(texts), "".join(reversed(texts))) or _any_order(texts, whole)
        )

    return explains(covered, ops, match)


def _is(op: LoggedOp, seen: Wire) -> bool:
    """Whether it is this operation, with the same run."""
    return same(op, seen) and op.wire.get("run") == seen.get("run")


def _any_order(parts: list[str], whole: str) -> bool:
    if len(parts) > 7:
        return Counter("".join(parts)) == Counter(whole)
    if not parts:
        return not whole
    return any(
        whole.startswith(part) and _any_order(parts[:i] + parts[i + 1 :], whole[len(part) :])
        for i, part in enumerate(parts)
    )


def _permuted(covered: Ops, ops: Sequence[Wire]) -> bool:
    left = list(covered)
    for seen in ops:
        found = next((op for op in left if same(op, seen)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def _error_clears(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, limit: int) -> bool:
    """Right, except for ops beside an error that clear the content."""
    clearing = [index for index, seen in enumerate(ops) if _clears(seen) and _beside_error(ops, index)]
    # The program may have cleared the content too: some of these ops are surplus, but not always all.
    return any(
        legal(log[begin : begin + n], [seen for i, seen in enumerate(ops) if i not in surplus], limit=limit)
        for count in range(len(clearing), 0, -1)
        for surplus in combinations(clearing[:8], count)
    )


def _clears(seen: Wire) -> bool:
    nothing = seen.get("text", seen.get("html")) == "" and "replace" in (seen["op"], seen.get("mode"))
    return nothing or seen["op"] == "delete" or seen.get("limit") == 0


def _beside_error(ops: Sequence[Wire], index: int) -> bool:
    return any(
        other["op"] == "error" for other in (*ops[max(0, index - 1) : index], *ops[index + 1 : index + 2])
    )


def _lost(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, limit: int) -> bool:
    """Some operations are missing, whether the frame counts them or not."""
    for upto in range(begin + n, min(len(log), begin + n + 8) + 1):
        covered = log[begin:upto]
        kept = _subsequence(covered, ops)
        if kept is not None and len(kept) < len(covered):
            return True
        if any(
            legal([*covered[:gone], *covered[gone + 1 :]], ops, limit=limit)
            for gone in _perhaps_lost(covered, ops)
        ):
            return True
    return False


def _perhaps_lost(covered: Ops, ops: Sequence[Wire]) -> list[int]:
    """Indices of operations that may be lost. Without absorption, the lengths of the texts show them."""
    content = [index for index, op in enumerate(covered) if op.kind not in LIFECYCLE]
    if any(covered[index].wire.get("mode") not in ("append", "prepend") for index in content):
        return content
    surplus = sum(len(covered[index].wire["text"]) for index in content) - sum(
        len(str(op.get("text", ""))) for op in ops
    )
    return [index for index in content if len(covered[index].wire["text"]) == surplus]


def _subsequence(covered: Ops, ops: Sequence[Wire]) -> list[LoggedOp] | None:
    kept: list[LoggedOp] = []
    state = iter(covered)
    for seen in ops:
        found = next((op for op in state if same(op, seen)), None)
        if found is None:
            return None
        kept.append(found)
    return kept


def _member_differs(*fields: str, kinds: tuple[str, ...], rerendered: bool | None = None) -> Hypothesis:
    """One op for each merged run, right except for the named members."""

    def hypothesis(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, limit: int) -> bool:
        def match(segment: Ops, seen: Wire) -> bool:
            made = reduced(segment, limit=limit) if _one_target(segment) else None
            if made is None or same(made, seen):
                return made is not None
            if made.kind not in kinds or (rerendered is not None and made.rerendered is not rerendered):
                return False
            if made.kind != seen["op"]:
                return False
            patched = {**seen, **{field: made.wire.get(field) for field in fields}}
            return same(made, patched)

        return explains(log[begin : begin + n], ops, match)

    return hypothesis


def _kind_differs(log: Ops, begin: int, n: int, ops: Sequence[Wire], _: Following, limit: int) -> bool:
    """Right, except for the kind (text or HTML) or the mode."""

    def match(segment: Ops, seen: Wire) -> bool:
        made = reduced(segment, limit=limit) if _one_target(segment) else None
        if made is None or same(made, seen):
            return made is not None
        if made.kind not in ABSORBABLE or seen["op"] not in ABSORBABLE:
            return False
        said = seen["text"] if seen["op"] == "text" else seen["html"]
        content = "text" if made.kind == "text" else "html"
        return same(made, {**made.wire, "target": seen["target"], content: said})

    return explains(log[begin : begin + n], ops, match)


def _one_target(segment: Ops) -> bool:
    return all(op.wire["target"] == segment[0].wire["target"] for op in segment)


def _legal_one(segment: Ops, seen: Wire, limit: int) -> bool:
    made = reduced(segment, limit=limit) if _one_target(segment) else None
    return made is not None and same(made, seen)


HYPOTHESES: tuple[tuple[str, Hypothesis], ...] = (
    ("ORD-3", _wrong_n),
    ("BAT-6", _over_limit),
    ("CNT-5", _split_otherwise),
    ("CNT-5", _first_piece_first),
    ("BAT-4", _html_joined),
    ("BAT-3", _targets_mixed),
    ("BAT-2", _not_adjacent),
    ("ERR-1", _error_clears),
    ("ORD-4", _reordered),
    ("BAT-5", _across_barrier),
    ("ORD-5", _lost),
    ("CNT-2", _kind_differs),
    ("CNT-4", _member_differs("target", kinds=(*ABSORBABLE, "delete", "prune"))),
    ("CNT-9", _member_differs("limit", "edge", kinds=("prune",))),
    ("CNT-10", _member_differs("html", kinds=("replace",), rerendered=True)),
    ("CNT-3", _member_differs("html", kinds=("replace", "append", "prepend"), rerendered=False)),
    ("CNT-1", _member_differs("text", kinds=("text",))),
)
