"""What is stored of money: accounts, what moved between them, and what each movement stands on."""

from accounts.models.ledger import (
    ASSETS,
    FUNDS_OWN,
    Account,
    AccountKind,
    RunLine,
    Transfer,
    TransferKind,
)
from accounts.models.recovery import Receivable, Recovery, RecoveryKind, RecoveryState
from accounts.models.use import AccountUse, UseRefund, UseShare, UseState
from accounts.models.voucher import Voucher

__all__ = [
    "ASSETS",
    "FUNDS_OWN",
    "Account",
    "AccountKind",
    "AccountUse",
    "Receivable",
    "Recovery",
    "RecoveryKind",
    "RecoveryState",
    "RunLine",
    "Transfer",
    "TransferKind",
    "UseRefund",
    "UseShare",
    "UseState",
    "Voucher",
]
