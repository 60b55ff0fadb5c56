/** A done, B the user may try again, C final, D operator or card action, E system (domain 2.5). */
export type ResponseClass = 'A' | 'B' | 'C' | 'D' | 'E';

/** What a code means to a person. */
export interface ResponseText {
  readonly zh: string;
  readonly en: string;
  readonly class: ResponseClass;
}

const row = (zh: string, en: string, of: ResponseClass): ResponseText => ({ zh, en, class: of });

/** F39 by code (domain 2.5). */
export const responseCodes: Readonly<Record<string, ResponseText>> = {
  '00': row('交易成功', 'Approved', 'A'),
  '01': row('请持卡人与发卡银行联系', 'Cardholder should call the issuer', 'C'),
  '02': row('请持卡人与发卡银行联系', 'Cardholder should call the issuer, special condition', 'C'),
  '03': row('无效商户', 'Invalid merchant', 'C'),
  '04': row('此卡为无效卡', 'Retain the card', 'D'),
  '05': row('持卡人认证失败', 'Cardholder authentication failed', 'C'),
  '06': row('交易失败, 请联系发卡行', 'Failed, call the issuer', 'C'),
  '07': row('没收卡', 'Retain the card, special condition', 'D'),
  '09': row('请重试', 'In work, try again', 'B'),
  '10': row('部分批准', 'Approved for a part of the amount', 'A'),
  '11': row('VIP客户', 'Approved, VIP', 'A'),
  '12': row('无效交易', 'Invalid transaction, or its day has passed', 'C'),
  '13': row('无效金额', 'Invalid amount, or completion above the held amount', 'B'),
  '14': row('无效卡号', 'Invalid card number, or not the card of the original', 'B'),
  '15': row('此卡无对应发卡方', 'No such issuer', 'C'),
  '21': row('该卡未初始化或睡眠卡', 'Card not initialised or dormant', 'C'),
  '22': row('操作有误或超出允许天数', 'Already undone or completed, or too old', 'C'),
  '25': row('没有原始交易', 'Original not found', 'C'),
  '30': row('请重试(格式错误)', 'Format error', 'C'),
  '33': row('过期卡, 没收', 'Expired, retain the card', 'D'),
  '34': row('作弊卡', 'Suspected fraud, retain the card', 'D'),
  '36': row('此卡有误, 请换卡', 'Restricted card, use another', 'D'),
  '38': row('密码错误次数超限, 联系发卡方', 'PIN tries exceeded, call the issuer', 'C'),
  '40': row('发卡方不支持的交易', 'Not supported by the issuer', 'C'),
  '41': row('挂失卡', 'Lost card', 'D'),
  '42': row('无此账户', 'No such account', 'C'),
  '43': row('被窃卡', 'Stolen card', 'D'),
  '45': row('请使用芯片', 'Use the chip', 'B'),
  '51': row('可用余额不足', 'Insufficient funds', 'B'),
  '54': row('卡已过期', 'Expired card', 'C'),
  '55': row('密码错', 'Wrong PIN', 'B'),
  '57': row('不允许此卡交易', 'Not permitted to this card', 'C'),
  '58': row('不允许该卡在本终端交易', 'Not permitted to this terminal', 'C'),
  '59': row('卡片校验错', 'Card verification failed', 'C'),
  '61': row('交易金额超限', 'Above the amount limit', 'B'),
  '62': row('受限制的卡', 'Restricted card', 'C'),
  '64': row('交易金额与原交易不匹配', 'Amount does not fit the original', 'C'),
  '65': row('超出消费次数限制', 'Above the count limit', 'C'),
  '68': row('交易超时, 请重试', 'No answer in time, try again', 'C'),
  '75': row('密码错误次数超限', 'PIN tries exceeded', 'C'),
  '77': row('请重新签到', 'Batch out of step, sign in again', 'E'),
  '90': row('系统日切, 请稍后重试', 'Cut-off in progress, try again later', 'B'),
  '91': row('发卡方状态不正常', 'Issuer or host not available', 'B'),
  '92': row('发卡方线路异常', 'Issuer line failure', 'B'),
  '94': row('重复交易', 'Duplicate transaction', 'C'),
  '95': row('对账不平', 'Totals differ, upload the batch', 'E'),
  '96': row('交换中心异常', 'System failure', 'B'),
  '97': row('终端号未登记', 'Terminal not registered', 'E'),
  '98': row('发卡方超时', 'Issuer did not answer; the host undoes it', 'C'),
  '99': row('PIN格式错, 请重新签到', 'PIN format error, sign in again', 'E'),
  A0: row('MAC校验错, 请重新签到', 'MAC error, sign in again', 'E'),
  A1: row('转账类失败', 'Transfer failed', 'C'),
  A2: row('有缺陷的成功', 'Approved with doubt', 'A'),
  A3: row('转账类失败', 'Transfer failed', 'C'),
  A4: row('有缺陷的成功', 'Approved with doubt', 'A'),
  A5: row('有缺陷的成功', 'Approved with doubt', 'A'),
  A6: row('有缺陷的成功', 'Approved with doubt', 'A'),
  A7: row('安全处理失败', 'Security processing failed', 'E'),
  C1: row('受理方状态非法', 'Acquirer not signed in', 'E'),
  Y1: row('脱机成功', 'Approved offline', 'A'),
  Y3: row('脱机成功, 无法联机', 'Approved offline, host unreachable', 'A'),
  Z1: row('脱机拒绝', 'Declined offline', 'C'),
  Z3: row('脱机拒绝, 无法联机', 'Declined offline, host unreachable', 'C'),
};

const OTHER = row('交易失败', 'Failed', 'C');

/** The text of a code; an unknown code is a final failure. */
export function responseCode(code: string): ResponseText {
  return Object.hasOwn(responseCodes, code) ? (responseCodes[code] as ResponseText) : OTHER;
}
