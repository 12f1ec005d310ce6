# 日本語のメール
greeting = こんにちは。
footer = このメールは { $email } 宛てにお送りしています。お心当たりのない場合は、破棄してください。リンクを開かない限り、何も変更されません。
link-hint = ボタンが動作しない場合は、次のアドレスをブラウザーに貼り付けてください。
service = Nulab Pass

sign-up-subject = ヌーラボアカウントのメールアドレスをご確認ください
sign-up-lead = ご登録ありがとうございます。メールアドレスを確認し、パスワードを設定すると、ヌーラボアカウントが作成されます。
sign-up-action = パスワードを設定する
sign-up-note = リンクは1回だけ有効です。有効期限：{ $expires }

sign-up-exists-subject = すでにヌーラボアカウントをお持ちです
sign-up-exists-lead = このメールアドレスで新規登録の操作がありました。このメールアドレスにはすでにヌーラボアカウントがあるため、何も変更されていません。
sign-up-exists-action = ログインする
sign-up-exists-note = お心当たりのない場合も、必要な操作はありません。

invitation-subject = { $inviter }さんから{ $organization }への招待
invitation-lead = { $inviter }さんが、あなたを組織「{ $organization }」に{ $role }として招待しています。
invitation-action = 招待を確認する
invitation-note = 招待の有効期限：{ $expires }
invitation-message = { $inviter }さんからのメッセージ：

token-reused-subject = ログイン状態をご確認ください
token-reused-lead = プロダクトへのログインを維持するための鍵が、2回使われました。第三者に複製された可能性があるため、この鍵を無効にしました。そのプロダクトには、もう一度ログインが必要になることがあります。
token-reused-action = ログイン中の端末を確認する
token-reused-note = 心当たりのないものがあれば、ほかのすべてのセッションを終了してください。

managed-invitation-subject = { $organization }のアカウントが作成されました
managed-invitation-lead = { $organization }があなたのマネージドアカウントを作成しました。組織のアカウントでログインします。パスワードを設定する必要はありません。
managed-invitation-handle = 組織IDの入力を求められたら、次のIDを入力してください：
managed-invitation-action = ログインする
managed-invitation-note = リンクの有効期限：{ $expires }。期限後は、プロダクトの「マネージドアカウントでログイン」からログインしてください。

application-received-subject = Nulab Passの申し込みを受け付けました
application-received-lead = Nulab Passのトライアルにお申し込みいただき、ありがとうございます。内容を確認し、3営業日以内に回答します。
application-received-action = 申し込み状況を確認する
application-received-note = それまでに必要な操作はありません。

application-approved-subject = Nulab Passのトライアルが始まりました
application-approved-lead = お申し込みが承認されました。組織でNulab Passを利用できます。組織IDの設定、ドメインの認証、IDプロバイダーとの接続を行ってください。
application-approved-action = Nulab Passを設定する
application-approved-note = トライアルの終了：{ $until }

application-rejected-subject = Nulab Passの申し込みについて
application-rejected-lead = 申し訳ありませんが、Nulab Passのトライアルの申し込みを承認できませんでした。
application-rejected-reason = 理由：
application-rejected-action = 申し込みを確認する
application-rejected-note = もう一度お申し込みいただけます。

saml-activated-subject = { $organization }のSAML設定が変更されました
saml-activated-lead = { $organization }の管理者が、新しいSAML設定を有効にしました。マネージドアカウントのユーザーは、この設定のIDプロバイダーからログインします。
saml-activated-action = SAML設定を確認する
saml-activated-note = 管理者の方々にお心当たりがない場合は、すぐに設定をご確認ください。

saml-disabled-subject = { $organization }のSAMLが無効になりました
saml-disabled-lead = { $organization }の管理者が、SAMLを無効にしました。もう一度有効にするまで、マネージドアカウントのユーザーはログインできません。
saml-disabled-action = SAML設定を確認する
saml-disabled-note = 管理者の方々にお心当たりがない場合は、すぐに設定をご確認ください。

role-administrator = 管理者
role-member = メンバー
role-guest = ゲスト
