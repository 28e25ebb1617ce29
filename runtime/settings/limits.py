"""Settings of the budgets of calls to providers."""

from pydantic import Field

from runtime.sections import Section


class BudgetSettings(Section):
    """One provider's. What is not named is not limited by us."""

    per_second: int | None = Field(None, ge=1, le=1_000_000, description="calls, or weight where the provider counts so, in any second")
    per_minute: int | None = Field(None, ge=1, le=10_000_000, description="in any minute")
    per_day: int | None = Field(None, ge=1, le=100_000_000, description="in any 24 hours")


MAX_ANSWER_BYTES = 64 * 1024 * 1024  # several times the largest symbol table that we know


class LimitSettings(Section):
    """How much is asked of the providers, by all processes together (shared through Redis; each counts alone where there is none)."""

    budgets: dict[str, BudgetSettings] = Field(
        default_factory=dict,
        description="by provider, in place of what `tickerplant sources list` shows: `[limits.budgets.alpha-vantage] per_day = 25`",
    )
    max_answer_bytes: int = Field(
        MAX_ANSWER_BYTES,
        ge=65_536,
        le=1_073_741_824,
        description="largest answer of a provider's REST interface, unpacked: a larger one is given up (counted), and asked for again later",
    )
