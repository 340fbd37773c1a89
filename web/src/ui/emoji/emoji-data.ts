export type EmojiGroup = "faces" | "people" | "nature" | "food" | "things" | "signs";

/**
 * "emoji name korean", one for each line. The name is what is typed between colons; the Korean one has
 * "_" for spaces. Words behind "/" are found too.
 */
const table: Readonly<Record<EmojiGroup, string>> = {
  faces: `
😀 grinning 활짝_웃음/기쁨
😄 smile/happy 웃음/기쁨
😁 beaming 씩_웃음
😆 laughing/haha 크게_웃음/하하
😅 sweat_smile/phew 식은땀_웃음
😂 joy/tears/lol 눈물나게_웃음/ㅋㅋ
🤣 rofl 데굴데굴/ㅋㅋㅋ
🙂 slight_smile 미소
🙃 upside_down 거꾸로_미소
😉 wink 윙크
😊 blush 수줍은_미소
😇 innocent/angel 천사
🥰 loving 사랑스러움/하트
😍 heart_eyes 하트_눈
😘 kiss 뽀뽀
😋 yum 맛있음
😜 tongue_wink 메롱
🤪 zany 엉뚱함
🤔 thinking/hmm 생각_중/음
🤨 raised_eyebrow 의심
😐 neutral 무표정
😑 expressionless 할_말_없음
😶 no_mouth 침묵
🙄 eye_roll 눈_굴림
😏 smirk 능글맞음
😬 grimace 어색함
😌 relieved 안도
😴 sleeping 졸림/잠
🤤 drooling 침_흘림
😷 mask/sick 마스크/아픔
🤒 fever 열
🤯 mind_blown 충격
🥳 party_face/birthday 파티/축하
😎 cool/sunglasses 선글라스/멋짐
🤓 nerd 똑똑이
🧐 monocle 자세히_봄
😕 confused 혼란
🙁 frown/sad 시무룩
😮 open_mouth/wow 놀람/우와
😳 flushed 당황
🥺 pleading 부탁/간절
😢 cry/sad 눈물/슬픔
😭 sob 엉엉/ㅠㅠ
😱 scream 비명
😤 huff 콧김
😡 rage/angry 화남/분노
🤬 swearing 욕
😈 smiling_imp 악마_웃음
💀 skull 해골
💩 poop 똥
🤡 clown 광대
👻 ghost 유령
👽 alien 외계인
🤖 robot 로봇`,
  people: `
👍 thumbs_up/yes/+1 엄지_척/좋아요
👎 thumbs_down/no/-1 엄지_아래/싫어요
👌 ok_hand 오케이
✌️ victory/peace 브이
🤞 fingers_crossed/luck 행운을_빌어
🤘 rock 락
🤙 call_me 전화해
👈 point_left 왼쪽
👉 point_right 오른쪽
👆 point_up 위
👇 point_down 아래
☝️ one 하나
✋ raised_hand/stop 손들기/멈춰
👋 wave/hello/bye 안녕/손_흔들기
👏 clap/bravo 박수
🙌 raised_hands/hooray 만세
🙏 pray/thanks/please 고마워요/부탁
🤝 handshake/deal 악수
💪 muscle/strong 힘내/근육
✍️ writing 글쓰기
👀 eyes/look 눈/보는_중
🧠 brain 뇌
🫡 salute 경례
🫠 melting 녹는_중
🤗 hug 포옹
🤷 shrug 모르겠어/으쓱
🤦 facepalm 이마_짚기
🙋 raising_hand 저요
🙇 bow/sorry 절/죄송
💁 tipping_hand 안내
🙅 no_good 안_돼
🙆 ok_person 돼요
🏃 runner 달리기
🚶 walking 걷기
💃 dancer 춤
🧑‍💻 technologist/developer 개발자
👶 baby 아기
🕵️ detective 탐정
🥷 ninja 닌자
🧙 mage/wizard 마법사`,
  nature: `
🐶 dog 강아지/개
🐱 cat 고양이
🐭 mouse 쥐
🐰 rabbit 토끼
🦊 fox 여우
🐻 bear 곰
🐼 panda 판다
🐯 tiger 호랑이
🦁 lion 사자
🐮 cow 소
🐷 pig 돼지
🐸 frog 개구리
🐵 monkey 원숭이
🙈 see_no_evil 안_볼래
🐔 chicken 닭
🐧 penguin 펭귄
🦉 owl 올빼미
🦄 unicorn 유니콘
🐝 bee 벌
🐛 bug 벌레/버그
🦋 butterfly 나비
🐢 turtle/slow 거북이
🐍 snake/python 뱀
🐙 octopus 문어
🐳 whale 고래
🐬 dolphin 돌고래
🌸 cherry_blossom 벚꽃
🌹 rose 장미
🌻 sunflower 해바라기
🌱 seedling 새싹
🌲 tree 나무
🍀 clover/luck 네잎클로버
🍁 maple_leaf/autumn 단풍
☀️ sun 해/맑음
🌙 moon 달
⭐ star 별
🌈 rainbow 무지개
☁️ cloud 구름
🌧️ rain 비
⚡ zap/lightning 번개
❄️ snowflake/snow 눈송이/눈
🔥 fire/hot 불/대박
💧 droplet 물방울
🌊 ocean/wave_water 파도/바다`,
  food: `
🍎 apple 사과
🍊 tangerine/orange 귤
🍌 banana 바나나
🍉 watermelon 수박
🍇 grapes 포도
🍓 strawberry 딸기
🍑 peach 복숭아
🥑 avocado 아보카도
🌶️ hot_pepper 고추/매움
🍞 bread 빵
🧀 cheese 치즈
🍔 hamburger 햄버거
🍟 fries 감자튀김
🍕 pizza 피자
🌭 hotdog 핫도그
🍜 noodles/ramen 라면/국수
🍚 rice 밥
🍣 sushi 초밥
🍱 bento/lunch 도시락/점심
🍗 fried_chicken 치킨
🍦 ice_cream 아이스크림
🍩 doughnut 도넛
🍪 cookie 쿠키
🎂 birthday_cake 생일_케이크
🍰 cake 케이크
🍫 chocolate 초콜릿
🍿 popcorn 팝콘
☕ coffee 커피
🍵 tea 차
🥤 drink 음료
🍺 beer 맥주
🍻 cheers 건배
🍷 wine 와인`,
  things: `
🎉 tada/party/congratulations 축하/폭죽
🎊 confetti 색종이
🎁 gift/present 선물
🎈 balloon 풍선
🏆 trophy/win 트로피/우승
🥇 first_place/gold 금메달
⚽ soccer/football 축구
⚾ baseball 야구
🏀 basketball 농구
🎮 video_game 게임
🎲 dice 주사위
🎯 target/bullseye 명중/목표
🎵 music/note 음악
🎸 guitar 기타
🎬 film/movie 영화
📷 camera 카메라
💻 laptop/computer 노트북/컴퓨터
📱 phone 휴대폰
⌨️ keyboard 키보드
💡 idea/bulb 아이디어/전구
🔧 wrench/fix 수리/렌치
🔨 hammer/build 망치/빌드
⚙️ gear/settings 톱니바퀴/설정
🔒 lock 자물쇠/잠금
🔑 key 열쇠
📌 pin 고정/핀
📎 paperclip 클립
📝 memo/notes 메모
📅 calendar/date 달력/일정
📈 chart_up 상승
📉 chart_down 하락
📦 package 소포/패키지
📚 books 책
✉️ envelope/mail 편지/메일
🔍 mag/search 돋보기/검색
🔗 link 링크
🗑️ wastebasket 휴지통
⏰ alarm_clock 알람
⏳ hourglass/wait 모래시계/대기
🚀 rocket/launch/ship 로켓/출시
✈️ airplane 비행기
🚗 car 자동차
🚌 bus 버스
🚲 bike 자전거
🚢 boat/ship_sea 배
🏠 home/house 집
🏢 office 회사
🏥 hospital 병원
🏝️ island/holiday 섬/휴가
🗺️ map 지도
🇰🇷 flag_kr/korea 대한민국/태극기
🏁 finish_flag 결승/깃발
💰 money 돈
🧪 test_tube/test 시험관/테스트
🩹 bandage/patch 반창고/패치`,
  signs: `
❤️ heart/love 하트/사랑
🧡 orange_heart 주황_하트
💛 yellow_heart 노란_하트
💚 green_heart 초록_하트
💙 blue_heart 파란_하트
💜 purple_heart 보라_하트
🖤 black_heart 검은_하트
🤍 white_heart 하얀_하트
💔 broken_heart 깨진_하트
💕 two_hearts 두_하트
💯 hundred 백점/완벽
✅ check/done 완료/체크
❌ cross/wrong 엑스/틀림
❓ question 물음표
❗ exclamation 느낌표
⚠️ warning 경고
🚫 prohibited 금지
🛑 stop_sign 정지
➕ plus 더하기
➖ minus 빼기
✨ sparkles/new 반짝임
💥 boom 쾅
💤 zzz 쿨쿨
💬 speech/chat 말풍선
🔔 bell 종/알림
🔕 no_bell 알림_끔
🔴 red_circle 빨간_원
🟡 yellow_circle 노란_원
🟢 green_circle 초록_원
🔵 blue_circle 파란_원
▶️ play 재생
⏸️ pause 일시정지
🔄 arrows/refresh 새로고침
🆗 ok 확인/오케이_표시
🆕 new_sign 신규`,
};

export interface Emoji {
  readonly emoji: string;
  /** Typed between colons. */
  readonly name: string;
  readonly koreanName: string;
  readonly group: EmojiGroup;
  /** Everything it is found by, folded: names and other words of both languages. */
  readonly words: readonly string[];
}

/** Hangul is compared letter by letter, so that a syllable that is still being typed finds its word. */
export function foldForSearch(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[\s_]+/g, " ")
    .trim()
    .normalize("NFD");
}

function parse(group: EmojiGroup): Emoji[] {
  return table[group]
    .trim()
    .split("\n")
    .map((line) => {
      const [emoji = "", english = "", korean = ""] = line.split(" ");
      const [name = ""] = english.split("/");
      const [koreanName = ""] = korean.split("/");
      return {
        emoji,
        name,
        koreanName: koreanName.replaceAll("_", " "),
        group,
        words: [...english.split("/"), ...korean.split("/")].map(foldForSearch),
      };
    });
}

export const emojiGroups = Object.keys(table) as readonly EmojiGroup[];

/** All there are, by groups, in the order in which they are offered. */
export const emojis: readonly Emoji[] = emojiGroups.flatMap(parse);
