"""A made-up city: people, facilities, and who chose which. The same seed gives the same city."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter
from stdnum.cn.ric import calc_check_digit

from office.layouts import Layout
from policies.month import Month

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷黎史龙陶贺顾毛郝龚邵万覃武钱戴严莫孔向常"
    "汤"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国红梅志文斌辉鹏飞燕玲龙波宁慧婷雪晨浩宇轩梓涵"
    "欣怡思远嘉俊凯博雅诗琪子墨一诺可馨春生海山川林森淑珍凤琴云福贵祥瑞安康乐天佑承泽"
)
TRADES = ("建设", "实业", "商贸", "科技", "物流", "食品", "电子", "服饰", "矿业", "农业", "旅游", "印刷")
FORMS = ("有限公司", "股份有限公司", "集团有限公司", "中心", "管理局", "学校", "医院")

BANKS = ("中国工商银行", "中国农业银行", "中国建设银行", "农村商业银行")

# Level, kind, names to go round, how many.
FACILITIES = (
    ("三级", "医院", ("人民医院", "中医院"), 3),
    ("二级", "医院", ("第二人民医院", "妇幼保健院", "康复医院"), 8),
    ("一级", "社区卫生服务中心", ("社区卫生服务中心",), 9),
    ("一级", "乡镇卫生院", ("镇中心卫生院",), 9),
    ("未定级", "村卫生站", ("村卫生站",), 6),
    ("未定级", "零售药店", ("大药房",), 3),
    ("一级", "校医院", ("学院医院",), 1),
    ("未定级", "诊所", ("诊所",), 1),
)

LEVELS = {"三级": "tertiary", "二级": "secondary", "一级": "primary", "未定级": "primary"}

STATUSES = {
    "在职": 62,
    "退休": 24,
    "灵活就业": 7,
    "失业代缴": 2,
    "工伤代缴": 1,
    "住院医保": 2,
    "困难企业退休": 2,
}
RETIRED = ("退休", "困难企业退休")
RESIDENT = "居民"
WORKING = (19, 56)
AGES = {"退休": (56, 90), "困难企业退休": (56, 90), RESIDENT: (1, 90)}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A county as the generator needs it."""

    code: str
    name: str


def identity_number(rng: random.Random, *, county: str, born: date) -> str:
    body = f"{county[:6]}{born:%Y%m%d}{rng.randrange(1, 1000):03d}"
    return body + calc_check_digit(body + "0")


def enrolments(
    *, people: int, seed: int, counties: list[Place], scheme: str = "310"
) -> Iterator[dict[str, str]]:
    """One row a person, and a second one for some: retired, on a new base, or no longer insured."""
    rng = random.Random(seed)
    employers = [
        (
            f"9144{seed % 100:02d}{number:012d}",
            f"{rng.choice(counties).name}{rng.choice(GIVEN)}{rng.choice(GIVEN)}{trade}{form}",
        )
        for number, trade, form in (
            (number, rng.choice(TRADES), rng.choice(FORMS)) for number in range(max(people // 40, 3))
        )
    ]
    seen = set()
    for number in range(people):
        status = rng.choices(list(STATUSES), STATUSES.values())[0] if scheme == "310" else RESIDENT
        age = rng.randrange(*AGES.get(status, WORKING))
        county = rng.choice(counties)
        document = None
        while document is None or document in seen:
            born = date(2022 - age, 1, 1) + timedelta(days=rng.randrange(365))
            document = identity_number(rng, county=county.code, born=born)
        seen.add(document)
        first = (
            Month(2010, 1) + rng.randrange(144) if rng.random() < 0.95 else Month(2022, 2) + rng.randrange(30)
        )
        row = {
            "证件类型": "01",
            "证件号码": document,
            "姓名": rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2, 2)))),
            "人员编号": f"{county.code[:4]}{seed:04d}{number:012d}",
            "险种": scheme,
            "参保身份": status,
            "退休类别": rng.choice(("企业", "企业", "企业", "机关")) if status in RETIRED else "",
            "单位代码": "",
            "单位名称": "",
            "月缴费基数": "" if status in AGES else f"{rng.randrange(3800, 22000)}.{rng.randrange(100):02d}",
            "生效年月": str(first),
            "终止年月": "",
            "区县代码": county.code,
            "手机号码": f"1{rng.choice('3578')}{rng.randrange(10**9):09d}",
        }
        if status == "在职":
            row["单位代码"], row["单位名称"] = rng.choice(employers)
        yield row
        if rng.random() < 0.06:
            yield row | later(rng, row, first=first, age=age)


def later(rng: random.Random, row: dict[str, str], *, first: Month, age: int) -> dict[str, str]:
    """What becomes of somebody some months on."""
    start = {"生效年月": str(max(first + 1, Month(2022, 9) + rng.randrange(24)))}
    if row["参保身份"] == "在职" and age > 50:
        return start | {
            "参保身份": "退休",
            "退休类别": "企业",
            "月缴费基数": "",
            "单位代码": "",
            "单位名称": "",
        }
    if row["月缴费基数"]:
        return start | {"月缴费基数": f"{float(row['月缴费基数']) * 1.08:.2f}"}
    return start | {"终止年月": str(Month.parse(start["生效年月"]) + 11)}


def facilities(*, seed: int, counties: list[Place]) -> list[dict[str, str]]:
    """Some forty facilities, dealt out over the counties, a health centre in each; stations follow one."""
    rng = random.Random(seed)
    rows = []
    for level, kind, names, count in FACILITIES:
        # Where people may choose primary facilities only, every county needs one.
        for number in range(max(count, len(counties)) if kind == "乡镇卫生院" else count):
            county = counties[number % len(counties)]
            title = names[number // len(counties) % len(names)]
            town = "" if kind == "医院" else "".join(rng.choices(GIVEN, k=2))
            letter = "P" if kind == "零售药店" else "H"
            code = f"{letter}{county.code[:6]}{len(rows) + 1:05d}"
            name = f"{county.name}{town}{title}"
            row = {
                "机构代码": code,
                "机构名称": name,
                "机构等级": level,
                "机构类型": kind,
                "区县代码": county.code,
                "户名": name,
                "开户行": f"{rng.choice(BANKS)}{county.name}支行",
                "银行账号": f"62{rng.randrange(10**17):017d}",
            }
            if kind == "村卫生站":
                parents = [row["机构代码"] for row in rows if row["机构类型"] == "乡镇卫生院"]
                row["上级机构代码"] = parents[number % len(parents)]
            rows.append(row)
    return rows


def agreements(*, facilities: list[dict[str, str]], years: range) -> Iterator[dict[str, str]]:
    """Each facility's agreement of each year: stations work under their parent's."""
    for year in years:
        for row in facilities:
            if row["机构类型"] != "村卫生站":
                yield {
                    "机构代码": row["机构代码"],
                    "协议类型": "个人账户" if row["机构类型"] == "零售药店" else "普通门诊统筹",
                    "起始日期": f"{year}-01-01",
                    "终止日期": f"{year}-12-31",
                    "协议编号": f"{year}-{row['机构代码'][-5:]}",
                }


def selections(
    *,
    enrolments: list[dict[str, str]],
    facilities: list[dict[str, str]],
    seed: int,
    first: Month,
    last_year: int,
    levels: tuple[str, ...],
) -> Iterator[dict[str, str]]:
    """Nearly everybody chooses, keeps the choice over the years, and now and then changes it."""
    rng = random.Random(seed)
    open_to_choice = [
        row
        for row in facilities
        if row["机构类型"] not in ("零售药店", "村卫生站") and LEVELS[row["机构等级"]] in levels
    ]
    nearby: dict[str, list[str]] = {}
    for row in open_to_choice:
        nearby.setdefault(row["区县代码"], []).append(row["机构代码"])
    insured: dict[str, tuple[Month, Month | None, str]] = {}
    for row in enrolments:
        ends = Month.parse(row["终止年月"]) if row["终止年月"] else None
        since = insured[row["证件号码"]][0] if row["证件号码"] in insured else Month.parse(row["生效年月"])
        insured[row["证件号码"]] = (since, ends, row["区县代码"])
    for document, (since, ends, county) in insured.items():
        if rng.random() < 0.06:
            continue
        chosen = rng.choice(nearby[county])
        start = max(since, first)
        for year in range(start.year, last_year + 1):
            month = max(start, Month(year, 1))
            if ends and month > ends:
                break
            line = {"证件号码": document, "年度": str(year), "机构代码": chosen, "生效年月": str(month)}
            yield line | {"类型": "首次" if year == start.year else "沿用"}
            changed = month + rng.randrange(1, 12)
            other = rng.choice(nearby[county])
            if (
                rng.random() < 0.03
                and changed.year == year
                and other != chosen
                and not (ends and changed > ends)
            ):
                chosen = other
                yield line | {
                    "机构代码": chosen,
                    "生效年月": str(changed),
                    "类型": "变更",
                    "变更原因": "居住地变动",
                }


def write_workbook(path: Path, *, layout: Layout, rows) -> int:
    """The rows as a clerk would have them: a header and text cells."""
    headers = [column.header for column in layout.columns]
    count = 0
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False}) as workbook:
        text = workbook.add_format({"num_format": "@"})
        sheet = workbook.add_worksheet()
        sheet.set_column(0, len(headers), 18, text)
        sheet.write_row(0, 0, headers)
        for count, row in enumerate(rows, start=1):
            for place, header in enumerate(headers):
                if row.get(header):
                    sheet.write_string(count, place, row[header], text)
    return count
