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
from accounts.models.fund_receipt import FundReceipt, ReceiptKind, ReceiptState
from accounts.models.late_settlement import LateSettlement
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
from accounts.models.proof import AccountSeal, BooksCheck, VoucherSeal
from accounts.models.recovery import Receivable, Recovery, RecoveryKind, RecoveryState
from accounts.models.use import AccountUse, UseRefund, UseShare, UseState
from accounts.models.voucher import Voucher

__all__ = [
    "ASSETS",
    "BY_BANK",
    "FUNDS_OWN",
    "OPEN",
    "Account",
    "AccountKind",
    "AccountSeal",
    "AccountUse",
    "Application",
    "ApplicationApproval",
    "ApplicationState",
    "BooksCheck",
    "FundReceipt",
    "LateSettlement",
    "LumpCredit",
    "LumpKind",
    "ReceiptKind",
    "ReceiptState",
    "Receivable",
    "Recovery",
    "RecoveryKind",
    "RecoveryState",
    "RunLine",
    "Share",
    "Transfer",
    "TransferKind",
    "UseRefund",
    "UseShare",
    "UseState",
    "Voucher",
    "VoucherSeal",
    "Way",
]
