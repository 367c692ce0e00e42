"""The standard goods contract that every installation starts with. A start, not legal advice: edit it in the admin.

Each paragraph of a clause is one numbered sub-clause; both languages have the same number of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TEMPLATE_CODE = "goods"
TEMPLATE_NAME, TEMPLATE_NAME_EN = "货物采购合同", "Purchase of goods"


@dataclass(frozen=True, slots=True)
class StandardClause:
    """A clause as it is delivered."""

    code: str
    title: str
    title_en: str
    body: str
    body_en: str


CLAUSES = (
    StandardClause(
        "subject",
        "合同标的",
        "Subject",
        """\
卖方按本合同向买方供应附件一所列货物（下称“**货物**”），共{{contract.lines}}项。采购依据为采购项目{{rfq.number}}“{{rfq.title}}”和授标决定{{award.number}}。

货物应当全新、未经使用，符合附件一的规格、采购文件以及现行国家标准和行业标准。

附件一未明确列出、但为货物正常使用所必需的附件和随机资料，视为已包含在合同价格之内。
""",
        """\
The Seller supplies to the Buyer the goods listed in Annex 1 under {{contract.lines}} items (the “**Goods**”), in consequence of tender {{rfq.number}}, “{{rfq.title}}”, and award {{award.number}}.

The Goods shall be new and unused and conform to the specifications in Annex 1, the tender documents and the national and industry standards in force.

Accessories and documents not listed in Annex 1 but needed for the Goods to be used as intended are deemed included in the Contract Price.
""",
    ),
    StandardClause(
        "price",
        "合同价格",
        "Contract Price",
        """\
合同价格为含税价{{contract.gross}}{{contract.gross_words}}，其中不含税价{{contract.net}}，税额{{contract.tax}}。各项单价见附件一。

单价为固定价，包含包装、按第{{clause.delivery}}条交货的运输和保险、出厂检验以及随机资料的费用。除第{{clause.changes}}条规定的情形外，不作调整。

合同履行期间国家调整税率的，不含税价不变，未开票部分按新税率计税。
""",
        """\
The Contract Price is {{contract.gross}} including tax{{contract.gross_words}}, made up of {{contract.net}} excluding tax and {{contract.tax}} of tax. Unit prices are set out in Annex 1.

Unit prices are fixed and include packing, carriage and insurance up to delivery under clause {{clause.delivery}}, works tests and documents. They are adjusted only under clause {{clause.changes}}.

If the statutory tax rate changes during performance, the price excluding tax stays the same and amounts not yet invoiced bear the new rate.
""",
    ),
    StandardClause(
        "payment",
        "付款",
        "Payment",
        """\
付款条件：{{contract.payment}}。

卖方申请付款时应当提交下列单证：

- 注明合同编号和订单编号的付款申请；
- 相应金额的合规发票；
- 经买方签署的收货或者验收记录。

买方对付款申请有异议的，应当在十个工作日内书面说明理由，并按期支付无争议的部分。

买方逾期付款的，就逾期金额按全国银行间同业拆借中心公布的一年期贷款市场报价利率支付利息。
""",
        """\
Terms of payment: {{contract.payment}}.

With each request for payment the Seller submits:

- a payment request quoting the contract and order numbers;
- a proper invoice for the amount;
- the receipt or acceptance record signed by the Buyer.

If the Buyer disputes a request, it shall give reasons in writing within ten business days and pay the undisputed part when due.

Late payment bears interest on the overdue amount at the one-year loan prime rate published by the National Interbank Funding Center.
""",
    ),
    StandardClause(
        "delivery",
        "交货",
        "Delivery",
        """\
交货条件：{{contract.delivery}}。各项货物的交货期见附件一，自合同生效之日起计算；接收地点和收货人以买方采购订单载明的为准。

卖方应当至少提前三日将发货通知送达买方，写明订单编号、箱数、毛重、车牌号和预计到达时间。

卖方知道或者应当知道可能延误时，应当立即书面通知买方，说明原因、影响和补救措施。通知不免除违约责任。

因买方原因推迟收货超过三十日的，由买方承担其后合理的仓储费用。
""",
        """\
Terms of delivery: {{contract.delivery}}. Lead times are given in Annex 1 and run from the effective date of this Contract; places of receipt and receivers are those stated in the Buyer’s purchase orders.

The Seller shall give at least three days’ notice of despatch stating the order number, number of cases, gross weight, vehicle and expected time of arrival.

If the Seller knows or ought to know of a likely delay, it shall at once notify the Buyer in writing of the cause, the effect and the remedy. Such notice does not excuse the delay.

If the Buyer postpones receipt by more than thirty days, it bears the reasonable cost of storage thereafter.
""",
    ),
    StandardClause(
        "packing",
        "包装、标志与单证",
        "Packing, marking and documents",
        """\
包装应当适合多次装卸和运输方式，并防潮、防锈、防损。每箱应当标明合同编号、订单编号和行号。

随货单证包括装箱单、产品合格证、材质或者质量证明和使用说明；依法应当附有的检验报告和许可文件一并提交。
""",
        """\
Packing shall withstand repeated handling and the mode of carriage, and protect against moisture, corrosion and damage. Each case is marked with the contract, order and line numbers.

Documents delivered with the Goods are the packing list, certificate of conformity, material or quality certificates and instructions for use, with the test reports and licences that the law requires.
""",
    ),
    StandardClause(
        "inspection",
        "检验与验收",
        "Inspection and acceptance",
        """\
货物到达接收地点后五个工作日内，买方核对数量和外观；短缺和损坏由卖方在二十日内补足或者更换。

买方应当在收货后三十日内完成质量验收。质量不符合约定的，买方有权要求修理、更换、减价或者退货，由此产生的费用由卖方承担。

签收和验收不减轻卖方对隐蔽瑕疵的责任。
""",
        """\
Within five business days of arrival the Buyer checks quantity and condition. The Seller shall make good shortage and damage within twenty days.

The Buyer shall complete acceptance within thirty days of receipt. If the Goods do not conform, the Buyer may require repair, replacement, a reduction of the price or return of the Goods, at the Seller’s cost.

Receipt and acceptance do not lessen the Seller’s responsibility for hidden defects.
""",
    ),
    StandardClause(
        "risk",
        "所有权与风险",
        "Title and risk",
        """\
货物毁损、灭失的风险自货物按第{{clause.delivery}}条交付并由买方签收时起转移给买方。

货物所有权自交付时起转移。卖方保证货物上没有第三方权利，使用货物不侵犯第三方的知识产权。
""",
        """\
Risk passes to the Buyer when the Goods have been delivered under clause {{clause.delivery}} and signed for.

Title passes on delivery. The Seller warrants that the Goods are free from rights of third parties and that their use infringes no intellectual property.
""",
    ),
    StandardClause(
        "warranty",
        "质量保证",
        "Warranty",
        """\
质量保证期为{{contract.warranty_months}}个月，自验收合格之日起计算。

质量保证期内发现缺陷的，卖方应当在接到通知后二十四小时内答复，并在合理期限内自费修复或者更换。

经更换的部件，质量保证期自更换完成之日重新计算，但最长不超过原期限届满后十二个月。

卖方未在合理期限内补救的，买方可以自行或者委托第三方补救，费用由卖方承担。
""",
        """\
The warranty period is {{contract.warranty_months}} months from acceptance.

If a defect appears in the warranty period, the Seller shall respond within twenty-four hours of notice and repair or replace within a reasonable time at its own cost.

Replaced parts carry a new warranty period from the date of replacement, ending not later than twelve months after the original period.

If the Seller fails to remedy within a reasonable time, the Buyer may do so itself or through others at the Seller’s cost.
""",
    ),
    StandardClause(
        "delay",
        "迟延与违约金",
        "Delay and liquidated damages",
        """\
卖方逾期交货的，每逾期一日，按逾期货物不含税价的千分之一支付违约金，不足一日不计。

违约金总额不超过合同价格的百分之十。达到上限的，买方有权依第{{clause.termination}}条解除合同。

违约金不足以弥补损失的，守约方可以就超出部分请求赔偿；任何一方均不对另一方的利润损失或者间接损失负责。
""",
        """\
For each full day of late delivery the Seller shall pay liquidated damages of 0.1 % of the price, excluding tax, of the late Goods.

Liquidated damages shall not exceed ten per cent of the Contract Price. When that limit is reached, the Buyer may terminate under clause {{clause.termination}}.

If liquidated damages do not cover the loss, the excess may be claimed; neither party is liable to the other for loss of profit or indirect loss.
""",
    ),
    StandardClause(
        "changes",
        "变更",
        "Variations",
        """\
本合同的任何变更应当由双方书面确认。未经买方事先书面同意，卖方不得将本合同转让或者将主要部分分包。

买方要求变更数量或者规格的，双方按附件一的单价协商价格和交货期。
""",
        """\
This Contract is varied only in writing by both parties. The Seller shall not assign it, nor subcontract a principal part of it, without the Buyer’s prior written consent.

If the Buyer asks for other quantities or specifications, the parties agree the price and lead time on the basis of the unit prices in Annex 1.
""",
    ),
    StandardClause(
        "force-majeure",
        "不可抗力",
        "Force majeure",
        """\
一方因不可抗力不能履行义务的，应当在七日内通知另一方并提供证明，在影响范围内免除责任。

不可抗力持续超过九十日的，任何一方可以书面通知解除尚未履行的部分。
""",
        """\
A party prevented from performing by force majeure shall notify the other within seven days with evidence and is excused to the extent of its effect.

If force majeure lasts more than ninety days, either party may terminate the part not yet performed by written notice.
""",
    ),
    StandardClause(
        "termination",
        "解除",
        "Termination",
        """\
一方严重违约，且在收到书面催告后三十日内未予改正的，另一方可以书面通知解除合同。

解除不影响已经交付并验收的货物的结算，也不影响违约责任、保密和争议解决条款的效力。
""",
        """\
If a party is in serious breach and does not remedy it within thirty days of written notice, the other may terminate this Contract by written notice.

Termination affects neither the settlement of Goods delivered and accepted nor the terms on breach, confidentiality and disputes.
""",
    ),
    StandardClause(
        "integrity",
        "保密与廉洁",
        "Confidentiality and integrity",
        """\
双方对因本合同获知的对方商业秘密和技术资料负有保密义务，直至该信息公开为止。

任何一方不得向对方人员提供或者索取不正当利益。违反本款的，守约方有权立即解除合同并要求赔偿。
""",
        """\
Each party keeps confidential the business secrets and technical documents of the other that it learns through this Contract, until they become public.

Neither party offers to, or asks of, persons of the other any improper advantage. On breach of this clause the other party may terminate at once and claim damages.
""",
    ),
    StandardClause(
        "law",
        "适用法律与争议解决",
        "Governing law and disputes",
        """\
本合同适用中华人民共和国法律，不适用《联合国国际货物销售合同公约》。

因本合同发生的争议，双方应当协商解决；协商不成的，由买方住所地有管辖权的人民法院管辖。
""",
        """\
This Contract is governed by the law of the People’s Republic of China; the United Nations Convention on Contracts for the International Sale of Goods does not apply.

Disputes arising from this Contract are settled by negotiation, failing which by the competent people’s court at the Buyer’s domicile.
""",
    ),
    StandardClause(
        "general",
        "其他",
        "General",
        """\
构成本合同的文件按下列顺序优先解释：本合同正文；附件一；采购文件；卖方的报价。

双方授权代表在采购系统中对本合同文本（版次与 PDF 文件的 SHA-256 摘要）的确认，与签字、盖章具有同等效力。

本合同自双方签署之日起生效。
""",
        """\
The documents forming this Contract take precedence in this order: these terms; Annex 1; the tender documents; the Seller’s quotation.

Confirmation of this text (its revision and the SHA-256 of the PDF) by the parties’ authorised representatives in the purchasing system has the same effect as signature and seal.

This Contract takes effect when both parties have signed it.
""",
    ),
)


def install(clause_model: Any, template_model: Any, place_model: Any) -> Any:
    """Write the clauses and the template that are not there yet; called by a migration with its own models."""
    template, _made = template_model.objects.get_or_create(
        code=TEMPLATE_CODE, defaults={"name": TEMPLATE_NAME, "name_en": TEMPLATE_NAME_EN}
    )
    if place_model.objects.filter(template=template).exists():
        return template
    for position, standard in enumerate(CLAUSES, start=1):
        clause, _made = clause_model.objects.get_or_create(
            code=standard.code,
            defaults={
                "title": standard.title,
                "title_en": standard.title_en,
                "body": standard.body,
                "body_en": standard.body_en,
            },
        )
        place_model.objects.create(template=template, clause=clause, position=position)
    return template
