"""What a model's endpoint says in place of a reply: its words and codes, wherever they stand, and what they mean."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

MAX_RETRY_AFTER_SECONDS = 300.0
"""Seconds after which a call is tried again at the latest, whatever the provider asks for."""

MAX_DEPTH = 8
"""How deep in an answer its words are looked for."""

MAX_WORDS, MAX_WORD_CHARS = 8, 1_000
"""How many of an answer's texts are told, and how much of each."""

MAX_CODE_CHARS = 100
"""Characters of a code that are looked at."""

MAX_RAW_CHARS = 4_000
"""Characters that are looked at of an answer that is no JSON."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORD_NAMES = _words(
    """error errors message msg detail details error_msg error_message errorMessage error_description title reasons
    base_resp status_msg metadata raw innererror violations quotaId"""
)
"""What stands under these names is told, or looked into. ``base_resp`` is MiniMax's, ``metadata.raw`` OpenRouter's,
``innererror`` Azure's, ``violations`` and ``quotaId`` Google's."""

CODE_NAMES = _words("code type status param reason error_code errcode error_type http_code status_code")
"""What stands under these names is a code, or names the field that is meant (``param``)."""


@dataclass(frozen=True)
class Failure:
    """What an endpoint said in place of a reply."""

    words: str
    codes: frozenset[str]
    """In small letters; MiniMax's own numbers as ``base_resp:1008``, since others use the same ones."""

    @property
    def status(self) -> int | None:
        """The HTTP status that stands in the answer itself: gateways send it with a status of 200."""
        statuses = sorted(int(code) for code in self.codes if re.fullmatch("[45][0-9]{2}", code))
        return statuses[0] if statuses else None

    @property
    def all(self) -> str:
        return f"{self.words} {' '.join(sorted(self.codes))}"


@dataclass(frozen=True)
class Cause:
    """What a failure can be about besides the way to ask."""

    says: str
    """How the reason ends."""
    codes: frozenset[str]
    words: re.Pattern[str]
    """Well-known phrases, for where no code tells; they count for these statuses alone."""
    statuses: frozenset[int] | None = None

    def is_of(self, failure: Failure, status: int) -> bool:
        if self.codes & failure.codes:
            return True
        return (self.statuses is None or status in self.statuses) and bool(self.words.search(failure.words))


def _phrases(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE | re.DOTALL)


FILTER_CAUSE = Cause(
    "it does not take what this paper says",
    # OpenAI's and Azure's, DashScope's, Zhipu's, MiniMax's, Huawei's, Volcengine's, and gateways'.
    _words(
        """content_filter content_policy_violation responsibleaipolicyviolation invalid_prompt moderation_blocked
        data_inspection_failed datainspectionfailed 1301 base_resp:1026 base_resp:1027 modelarts.81011
        sensitivecontentdetected inputtextsensitivecontentdetected outputtextsensitivecontentdetected
        sensitive_words_detected prompt_blocked safety_check_failed"""
    ),
    _phrases(
        "content exists risk",  # DeepSeek's, which has no code
        "(input|prompt|content|message|text)s? (was|were|is|are|has been|have been) (flagged|blocked)",
        "moderation",
        "considered high risk",
        "(inappropriate|sensitive) content",
        "content (filter|policy)",
        "敏感内容",
    ),
    frozenset({200, 400, 403, 422, 451}),
)
BALANCE_CAUSE = Cause(
    "the account has no credit left",
    _words(
        """insufficient_balance insufficient_balance_error insufficient_credit insufficient_credits arrearage
        accountoverdueerror 1113 base_resp:1008 billing_not_active billing_error billing_hard_limit_reached
        payment_required reject_no_credit accessdenied.unpurchased 402"""
    ),
    _phrases(
        "insufficient (account |user )?(balance|credit|fund)",
        "credit balance",
        "(out of|more) credit",
        "arrear",
        "overdue",
        "good standing",
        "余额不足",
        "欠费",
        "充值",
    ),
)
QUOTA_CAUSE = Cause(
    "a quota of the account is used up",
    _words(
        """insufficient_quota exceeded_current_quota_error allocationquota.freetieronly quote_exceeded quota_exceeded
        insufficient_user_quota pre_consume_token_quota_failed budget_exceeded rate_limit_daily 1304 1308 1310
        base_resp:2056 modelarts.81005"""
    ),
    _phrases(
        "per[ _-]?(day|week|month)",
        r"/ ?(day|month)\b",
        r"\b(daily|weekly|monthly)\b",
        r"\b[RT]PD\b",
        "billing cycle",
        "usage limit",
        "每[日天月]",
        "使用上限",
    ),
)
PLAN_CAUSE = Cause(
    QUOTA_CAUSE.says,
    frozenset(),
    _phrases("quota", "billing", "free tier", "额度"),
    # With 429 Gemini says "check your plan and billing details" of a quota of a minute as well.
    frozenset({200, 400, 402, 403}),
)
REGION_CAUSE = Cause(
    "it is not open to this country or region",
    _words("unsupported_country_region_territory unsupported_region"),
    _phrases(
        r"\b(country|region|territory|location)\b.{0,40}\b(not|un)[ -]?(supported|available|allowed)",
        r"not (supported|available|allowed|served) in (your|this) (country|region|location)",
    ),
    frozenset({200, 400, 403, 404, 451}),
)
MODEL_CAUSE = Cause(
    "set LlmModel to a model that it has",
    _words(
        """model_not_found modelnotfound model_not_available model_decommissioned invalid_model deploymentnotfound
        invalidendpointormodel.notfound model.accessdenied model_access_denied 1211 1311 modelarts.81009"""
    ),
    _phrases(
        r"\bmodels?\b.{0,80}\b(not found|not exist|n't exist|no longer|not available|unavailable|decommissioned)",
        r"\bmodels?\b.{0,80}\b(do(es)? not|don't) have access",
        r"(not found|no such|unknown|invalid|not find)( the)? model\b",
        r"^no model\b",
        "not a valid model",
        "no models loaded",
        "模型不存在",
    ),
    frozenset({200, 400, 403, 404, 422}),
)
THINKING_CAUSE = Cause(
    'set LlmExtra to {"enable_thinking": false}',
    frozenset(),
    _phrases("enable_thinking"),  # DashScope's: its thinking models answer in a stream alone
    frozenset({200, 400, 422}),
)
CAUSES = (FILTER_CAUSE, BALANCE_CAUSE, QUOTA_CAUSE, PLAN_CAUSE, REGION_CAUSE, MODEL_CAUSE, THINKING_CAUSE)

THROTTLED_CODES = _words(
    """429 529 rate_limit_exceeded rate_limit_error rate_limit_reached_error too_many_requests resource_exhausted
    overloaded_error engine_overloaded_error serveroverloaded limit_requests limit_burst_rate throttling
    throttling.ratequota throttling.burstrate throttling.allocationquota 1302 1303 1305 1312 base_resp:1002
    base_resp:1039 base_resp:1041"""
)
"""Codes of a provider that has no room for the call now, whatever status they come with."""

OVERLOADED = _phrases("overload", r"\bbusy\b", "capacity", "too many", "try again later", "繁忙", "过载")
"""What endpoints say with 503 that have no room for the call now."""

PARTS = {
    "format": _phrases("response.format", "json.?(schema|object|mode)", "structured.?output", r"\bschema\b", "grammar"),
    "limit": _phrases(r"\bmax_(completion_)?tokens\b"),
    "system": _phrases(
        r"\b(system|developer)['\"`]? ?(role|message|prompt|instruction)",
        r"role['\"`]?[: ]+['\"`]?system",
        r"\.role\b",
        "roles must alternate",
        "only user and assistant",
    ),
}
"""Words that name a part of the way to ask. The last ones are those of chat templates."""

NO_PATH = _phrases(
    r"^(404[ :]*)?(page )?not found[.!]?$", "(invalid|unknown) url", "unexpected endpoint", "cannot post"
)
"""What servers answer to a path that they do not have."""


def cause_of(failure: Failure, status: int) -> Cause | None:
    """What a failure is about besides the way to ask; None where nothing says so."""
    cause = next((cause for cause in CAUSES if cause.is_of(failure, status)), BALANCE_CAUSE if status == 402 else None)
    # "The model x has no json_schema" is about the way to ask.
    return None if cause is MODEL_CAUSE and not MODEL_CAUSE.codes & failure.codes and parts_named(failure) else cause


def parts_named(failure: Failure) -> set[str]:
    """The parts of the way to ask that a failure names."""
    return {part for part, words in PARTS.items() if words.search(failure.all)}


def retry_after(header: str | None) -> float | None:
    """The seconds of a Retry-After header, MAX_RETRY_AFTER_SECONDS at most; None where it says none that can be."""
    try:
        seconds = float(header or "nan")
    except ValueError:
        try:
            moment = parsedate_to_datetime(header or "")
            moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
            seconds = (moment - dt.datetime.now(dt.UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(seconds, MAX_RETRY_AFTER_SECONDS) if seconds >= 0 else None


def parse_json(content: bytes) -> Any:
    """The JSON of a body, with or without a byte order mark. Raises ValueError."""
    try:
        return json.loads(content.decode(json.detect_encoding(content), "replace"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_failure(content: bytes) -> Failure:
    """The words and codes of an endpoint's failure, whatever it holds: JSON of any shape, HTML, text or nothing."""
    try:
        texts = [*_texts(parse_json(content), "error", 0)]
    except ValueError:
        texts = []
    words = list(dict.fromkeys(text[:MAX_WORD_CHARS] for kind, text in texts if kind == "word" and text.strip()))
    codes = frozenset(text.strip().lower()[:MAX_CODE_CHARS] for kind, text in texts if kind == "code")
    return Failure(": ".join(words[:MAX_WORDS]) or _raw_words(content), codes)


def _texts(value: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    """The words and codes in a value that stands under a name, in the order in which they are written."""
    match value:
        case dict() if name == "base_resp" and value.get("status_code") == 0:  # MiniMax's way to say that all is well
            return
        case dict() if depth < MAX_DEPTH:
            if isinstance(value.get("loc"), list):  # FastAPI's, of a field that it does not take
                yield "word", ".".join(str(each) for each in value["loc"])
            for key, each in value.items():
                if key in WORD_NAMES or (key in CODE_NAMES and not isinstance(each, dict | list)):
                    for kind, text in _texts(each, key, depth + 1):
                        own = name == "base_resp" and kind == "code" and key == "status_code"
                        yield kind, f"base_resp:{text}" if own else text
        case list() if depth < MAX_DEPTH:
            for each in value:
                yield from _texts(each, name, depth + 1)
        case str() if name in CODE_NAMES:
            yield "code", value
        case str() if value.lstrip().startswith(("{", "[")) and depth < MAX_DEPTH:  # a gateway's, of another one's
            try:
                yield from _texts(parse_json(value.encode("utf-8", "replace")), name, depth + 1)
            except ValueError:
                yield "word", value
        case str():
            yield "word", value
            if name == "error" and " " not in value:
                yield "code", value
        case int() if not isinstance(value, bool) and abs(value) < 10**9:
            yield "code", str(value)


def _raw_words(content: bytes) -> str:
    """The words of what has no words of its own: a page's title or text, and else what there is, if anything."""
    text = content[:MAX_RAW_CHARS].decode("utf-8", "ignore").strip()
    if text.startswith("<"):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        shown = re.sub(r"<(script|style)\b.*?(</\1>|\Z)|<!--.*?(-->|\Z)", " ", text, flags=re.IGNORECASE | re.DOTALL)
        text = html.unescape(title[1] if title and title[1].strip() else re.sub(r"<[^>]*(>|\Z)", " ", shown))
    return text.strip() if re.search(r"[^\W\d_]", text) else ""
