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

role-administrator = 管理者
role-member = メンバー
role-guest = ゲスト
