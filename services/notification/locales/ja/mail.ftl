# 日本語のメール
greeting = こんにちは。
footer = このメールは { $email } 宛てにお送りしています。お心当たりのない場合は、破棄してください。リンクを開かない限り、何も変更されません。
footer-notice = このメールは、{ $email } のアカウントに関するお知らせです。
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

invitation-unnamed-subject = { $organization }への招待
invitation-unnamed-lead = 組織「{ $organization }」に{ $role }として招待されています。
invitation-unnamed-action = 招待を確認する
invitation-unnamed-note = 招待の有効期限：{ $expires }
invitation-unnamed-message = 招待のメッセージ：

token-reused-subject = ログイン状態をご確認ください
token-reused-lead = プロダクトへのログインを維持するための鍵が、2回使われました。第三者に複製された可能性があるため、この鍵を無効にしました。そのプロダクトには、もう一度ログインが必要になることがあります。
token-reused-action = ログイン中の端末を確認する
token-reused-note = 心当たりのないものがあれば、ほかのすべてのセッションを終了してください。

login-alert-subject = ヌーラボアカウントへの新しいログイン
login-alert-lead = { $at } に、これまで使われたことのないブラウザーとネットワークから、あなたのヌーラボアカウントへのログインがありました（{ $device }）。ご自身のログインの場合、必要な操作はありません。
login-alert-action = 心当たりがない
login-alert-note = リンク先のページで、すべてのセッションを終了し、新しいパスワードを設定できます。リンクは1回だけ有効です。有効期限：{ $expires }。このメールは、アカウントのセキュリティイベントのページでオフにできます。
unknown-browser = 不明なブラウザー

login-alerts-off-subject = ヌーラボアカウントのログイン通知がオフになりました
login-alerts-off-lead = あなたのヌーラボアカウントのログイン通知がオフに変更されました。今後は、これまで使われたことのないブラウザーとネットワークからログインがあっても、メールでお知らせしません。
login-alerts-off-action = 詳しく見る
login-alerts-off-note = お心当たりがない場合は、すぐにログインページでパスワードを再設定し、ログイン通知をもう一度オンにしてください。

sign-in-locked-subject = パスワードが推測されている可能性があります
sign-in-locked-lead = あなたのヌーラボアカウントで、誤ったパスワードが何度も入力されました。そのため、使われたことのないブラウザー、または入力に使われたブラウザーからのログインをしばらく停止しています。これまでお使いのほかのブラウザーからはログインできます。パスワードをお忘れの場合は、ログインページから再設定すると、すぐにログインできます。
sign-in-locked-action = ログイン履歴を確認する
sign-in-locked-note = ログインはされていません。この状態が続いても、明日まで再度お知らせすることはありません。

password-reset-subject = ヌーラボアカウントのパスワードの再設定
password-reset-lead = このメールアドレスのヌーラボアカウントについて、パスワードの再設定が申し込まれました。
password-reset-action = 新しいパスワードを設定する
password-reset-note = リンクは1回だけ有効です。有効期限：{ $expires }。パスワードを変更すると、すべての端末からログアウトします。

password-reset-managed-subject = このアカウントのパスワードはヌーラボにはありません
password-reset-managed-lead = このメールアドレスのヌーラボアカウントについて、パスワードの再設定が申し込まれましたが、該当するヌーラボアカウントはありません。このメールアドレスはマネージドアカウントのものです。マネージドアカウントには、組織のログインページから、組織でお使いのパスワードでログインします。
password-reset-managed-action = マネージドアカウントでログインする
password-reset-managed-note = 組織のページでログインできない場合は、組織の管理者にお問い合わせください。

password-reset-nobody-subject = このメールアドレスのヌーラボアカウントはありません
password-reset-nobody-lead = このメールアドレスのヌーラボアカウントについて、パスワードの再設定が申し込まれましたが、該当するヌーラボアカウントはありません。別のメールアドレスで登録されていないかご確認ください。
password-reset-nobody-action = アカウントを作成する
password-reset-nobody-note = お心当たりがない場合、必要な操作はありません。

password-changed-subject = ヌーラボアカウントのパスワードが変更されました
password-changed-lead = あなたのヌーラボアカウントのパスワードが変更されました。ほかのセッションは終了しました。
password-changed-action = 詳しく見る
password-changed-note = お心当たりがない場合は、すぐにログインページでパスワードを再設定してください。

email-change-subject = 新しいメールアドレスをご確認ください
email-change-lead = ヌーラボアカウントのメールアドレスを、このメールアドレスに変更する申し込みがありました。ご本人の場合は、確認してください。確認するまで、何も変わりません。
email-change-action = このメールアドレスを確認する
email-change-note = リンクは1回だけ有効です。有効期限：{ $expires }。お心当たりがない場合、必要な操作はありません。

email-change-taken-subject = ヌーラボアカウントはすでに登録されています
email-change-taken-lead = 別のヌーラボアカウントのメールアドレスを、このメールアドレスに変更する申し込みがありました。このメールアドレスのヌーラボアカウントはすでにあるため、何も変更していません。
email-change-taken-action = ログインする
email-change-taken-note = お心当たりがない場合、必要な操作はありません。このメールアドレスを別のアカウントで使うには、先にこのアカウントのメールアドレスを変更してください。

email-change-notice-subject = ヌーラボアカウントのメールアドレスの変更が申し込まれました
email-change-notice-lead = あなたのヌーラボアカウントにログインしている人が、メールアドレスの変更を申し込みました。新しいメールアドレスに送られたリンクで確認されるまで、メールアドレスは変わりません。
email-change-notice-action = 詳しく見る
email-change-notice-note = お心当たりがない場合は、すぐにログインページでパスワードを再設定してください。変更は中止され、すべての端末からログアウトします。

email-changed-subject = ヌーラボアカウントのメールアドレスが変更されました
email-changed-lead = あなたのヌーラボアカウントのメールアドレスは、このメールアドレスになりました。今後はこのメールアドレスでログインしてください。
email-changed-action = アカウントを確認する
email-changed-note = 変更前のメールアドレスにもお知らせしました。

email-changed-notice-subject = ヌーラボアカウントのメールアドレスが別のものに変更されました
email-changed-notice-lead = あなたのヌーラボアカウントのメールアドレスが変更され、新しいメールアドレスが確認されました。このメールアドレスではログインできなくなりました。
email-changed-notice-action = 詳しく見る
email-changed-notice-note = お心当たりがない場合は、アカウントが他人に使われている可能性があります。すぐに当社または組織の管理者にご連絡ください。

email-taken-away-subject = ヌーラボアカウントのメールアドレスが別のものに変更されました
email-taken-away-lead = あなたのヌーラボアカウントのメールアドレスが変更され、新しいメールアドレスが確認されました。このメールアドレスではログインできなくなりました。ご自身で変更された場合、必要な操作はありません。
email-taken-away-action = 心当たりがない
email-taken-away-note = リンク先のページで、メールアドレスを元に戻し、すべてのセッションを終了して、新しいパスワードを設定できます。リンクは1回だけ有効です。有効期限：{ $expires }

account-deleted-subject = ヌーラボアカウントが削除されました
account-deleted-lead = { $at } に、ログイン中の操作により、あなたのヌーラボアカウントが削除されました。プロフィール、ログイン方法、セッション、ログイン履歴、セキュリティイベントは消去され、すべての組織から脱退し、スペースとの連携は解除されました。プロダクトで作成した内容は組織に残ります。
account-deleted-action = お問い合わせ
account-deleted-note = ご自身で削除された場合、必要な操作はありません。お心当たりがない場合は、すぐにお問い合わせください。アカウントを復元することはできませんが、状況を調査いたします。メールアドレスはこのお知らせのためだけに保持しており、削除から約1時間後に消去します。

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

second-factor-added-subject = ヌーラボアカウントに二段階認証の方法が追加されました
second-factor-added-lead = あなたのヌーラボアカウントに、認証アプリ、セキュリティキー、またはパスキーが追加されました。ほかのセッションは終了しました。
second-factor-added-action = 詳しく見る
second-factor-added-note = お心当たりがない場合は、ログインページでパスワードを再設定し、見覚えのないものを削除してください。

new-second-factor-subject = ヌーラボアカウントに二段階認証の方法が追加されました
new-second-factor-lead = { $at } にログインした人が、あなたのヌーラボアカウントに認証アプリ、セキュリティキー、またはパスキーを追加しました。ほかのセッションは終了しました。ご自身で追加された場合、必要な操作はありません。
new-second-factor-action = 心当たりがない
new-second-factor-note = リンク先のページで、追加されたものを削除し、すべてのセッションを終了して、新しいパスワードを設定できます。リンクは1回だけ有効です。有効期限：{ $expires }

second-factor-removed-subject = ヌーラボアカウントから二段階認証の方法が削除されました
second-factor-removed-lead = あなたのヌーラボアカウントから、認証アプリ、セキュリティキー、またはパスキーが削除されました。ほかの方法は残っています。ほかのセッションは終了しました。
second-factor-removed-action = 詳しく見る
second-factor-removed-note = お心当たりがない場合は、ログインページでパスワードを再設定し、もう一度追加してください。

second-factors-disabled-subject = 二段階認証が無効になりました
second-factors-disabled-lead = あなたのヌーラボアカウントの二段階認証が無効になり、パスワードだけでログインできるようになりました。ほかのセッションは終了しました。
second-factors-disabled-action = 詳しく見る
second-factors-disabled-note = お心当たりがない場合は、ログインページでパスワードを再設定し、もう一度有効にしてください。

recovery-codes-made-subject = ヌーラボアカウントのリカバリーコードが作り直されました
recovery-codes-made-lead = あなたのヌーラボアカウントの新しいリカバリーコードが作成されました。以前のコードは使えません。ほかのセッションは終了しました。
recovery-codes-made-action = 詳しく見る
recovery-codes-made-note = お心当たりがない場合は、ログインページでパスワードを再設定し、リカバリーコードを作り直してください。

recovery-codes-removed-subject = ヌーラボアカウントのリカバリーコードがなくなりました
recovery-codes-removed-lead = お心当たりのないログインで、あなたのヌーラボアカウントのリカバリーコードが作り直されていたため、そのコードを削除しました。以前のコードも使えません。二段階認証の方法はそのまま使えます。
recovery-codes-removed-action = 詳しく見る
recovery-codes-removed-note = お送りしたメールのリンクから新しいパスワードを設定し、二段階認証でログインして、リカバリーコードを作り直してください。

second-factor-locked-subject = パスワードを知られている可能性があります
second-factor-locked-lead = あなたのヌーラボアカウントで、正しいパスワードの入力後に、誤った確認コードが何度も入力されました。そのため、使われたことのないブラウザーからのコードの入力をしばらく停止しています。これまでお使いのブラウザーから入力されていた場合は、そのようなブラウザーからの入力を停止しています。それ以外のブラウザー、またはセキュリティキーやパスキーではログインできます。
second-factor-locked-action = 詳しく見る
second-factor-locked-note = ログインはされていません。心当たりがない場合は、パスワードを変更してください。この状態が続いても、明日まで再度お知らせすることはありません。

recovery-code-used-subject = ヌーラボアカウントでリカバリーコードが使われました
recovery-code-used-lead = 二段階認証の代わりに、リカバリーコードが使われました。リカバリーコードの残り：{ $left }個
recovery-code-used-action = 詳しく見る
recovery-code-used-note = お心当たりがない場合は、ログインページでパスワードを再設定し、リカバリーコードを作り直してください。

role-administrator = 管理者
role-member = メンバー
role-guest = ゲスト
