/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers of RFC 1661, 1332, 1334, 1570, 1877, 1994, 2759 and 5072 under the names of the RFCs.
 * Nothing else.
 */
#pragma once

#define PPP_IPV4   0x0021
#define PPP_IPV6   0x0057
#define PPP_IPCP   0x8021
#define PPP_IPV6CP 0x8057
#define PPP_CCP	   0x80fd
#define PPP_LCP	   0xc021
#define PPP_PAP	   0xc023
#define PPP_CHAP   0xc223

#define PPP_MRU_DEFAULT 1500
#define PPP_FRAME_MAX	1600 /* octets of a frame that is sent: FF 03, protocol, information */

enum cp_code { /* RFC 1661 5, RFC 1570 */
	CP_CONF_REQ = 1,
	CP_CONF_ACK = 2,
	CP_CONF_NAK = 3,
	CP_CONF_REJ = 4,
	CP_TERM_REQ = 5,
	CP_TERM_ACK = 6,
	CP_CODE_REJ = 7,
	LCP_PROTO_REJ = 8,
	LCP_ECHO_REQ = 9,
	LCP_ECHO_REPLY = 10,
	LCP_DISCARD_REQ = 11,
	LCP_IDENTIFICATION = 12,
	LCP_TIME_REMAINING = 13
};

enum lcp_opt {
	LCP_OPT_MRU = 1,
	LCP_OPT_ACCM = 2,
	LCP_OPT_AUTH = 3,
	LCP_OPT_QUALITY = 4,
	LCP_OPT_MAGIC = 5,
	LCP_OPT_PFC = 7,
	LCP_OPT_ACFC = 8,
	LCP_OPT_MRRU = 17,
	LCP_OPT_SSNHF = 18,
	LCP_OPT_ENDPOINT = 19
};

enum ipcp_opt {
	IPCP_OPT_ADDRESSES = 1,
	IPCP_OPT_COMPRESSION = 2,
	IPCP_OPT_ADDRESS = 3,
	IPCP_OPT_DNS1 = 129,
	IPCP_OPT_NBNS1 = 130,
	IPCP_OPT_DNS2 = 131,
	IPCP_OPT_NBNS2 = 132
};

#define IPV6CP_OPT_IFID 1

#define CHAP_ALG_MD5	 5
#define CHAP_ALG_MSCHAP2 0x81

enum pap_code {
	PAP_REQUEST = 1,
	PAP_ACK = 2,
	PAP_NAK = 3
};
enum chap_code {
	CHAP_CHALLENGE = 1,
	CHAP_RESPONSE = 2,
	CHAP_SUCCESS = 3,
	CHAP_FAILURE = 4
};

/* In configuration and events: none pap chap-md5 ms-chap-v2. In restart records: values never change. */
enum ppp_auth_method {
	PPP_AUTH_NONE,
	PPP_AUTH_PAP,
	PPP_AUTH_CHAP_MD5,
	PPP_AUTH_MSCHAPV2,
	PPP_AUTH__COUNT
};

enum ppp_family {
	PPP_FAM_IPV4,
	PPP_FAM_IPV6,
	PPP_FAM__COUNT
};
