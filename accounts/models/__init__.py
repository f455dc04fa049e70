"""What is stored of money: accounts, what moved between them, and what each movement stands on."""

from accounts.models.application import (
    BY_BANK,
    OPEN,
    Application,
    ApplicationApproval,
    ApplicationState,
    Share,
    Way,
)
from accounts.models.ledger import (
    ASSETS,
    FUNDS_OWN,
    Account,
    AccountKind,
    RunLine,
    Transfer,
    TransferKind,
)
from accounts.models.lump import LumpCredit, LumpKind
from accounts.models.proof import BooksCheck, VoucherSeal
from accounts.models.voucher import Voucher

__all__ = [
    "ASSETS",
    "BY_BANK",
    "FUNDS_OWN",
    "OPEN",
    "Account",
    "AccountKind",
    "Application",
    "ApplicationApproval",
    "ApplicationState",
    "BooksCheck",
    "LumpCredit",
    "LumpKind",
    "RunLine",
    "Share",
    "Transfer",
    "TransferKind",
    "Voucher",
    "VoucherSeal",
    "Way",
]
